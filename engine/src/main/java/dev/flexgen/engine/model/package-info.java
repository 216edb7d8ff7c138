/**
 * What a model is: its layers described as data, read from {@code config.json} by its family, the tensors it consists of, and
 * where the family's checkpoints store each. Families are small declarative files; nothing else names one.
 */
@NullMarked
package dev.flexgen.engine.model;

import org.jspecify.annotations.NullMarked;
