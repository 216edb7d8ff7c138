/**
 * Packed models: a model's matrices in the encoding and the row layout in which they are computed with, in files that are made once. Any
 * plan reads ranges of rows from them.
 */
@NullMarked
package dev.flexgen.engine.store;

import org.jspecify.annotations.NullMarked;
