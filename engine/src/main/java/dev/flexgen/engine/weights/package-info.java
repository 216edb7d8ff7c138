/** Weights in memory: how the matrices of a shard are laid out, where they are, and how they get there from a checkpoint. */
@NullMarked
package dev.flexgen.engine.weights;

import org.jspecify.annotations.NullMarked;
