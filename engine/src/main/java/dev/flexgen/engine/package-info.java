/**
 * The engine's front door: open a model with a plan, hold conversations, generate and score. Everything here speaks token
 * ids, never text.
 */
@NullMarked
package dev.flexgen.engine;

import org.jspecify.annotations.NullMarked;
