/**
 * What a model is: its dimensions and features, read from {@code config.json} by its family, and the names under which the
 * family's checkpoints store each tensor. Families are small declarative files; nothing else names one.
 */
@NullMarked
package dev.flexgen.engine.model;

import org.jspecify.annotations.NullMarked;
