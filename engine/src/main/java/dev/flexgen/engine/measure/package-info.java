/** Benchmarks of this machine's memories and buses, which planning rests on. */
@NullMarked
package dev.flexgen.engine.measure;

import org.jspecify.annotations.NullMarked;
