/** Execution: takes a batch of tokens through the layers with a group of devices. Used by the engine's public face only. */
@NullMarked
package dev.flexgen.engine.exec;

import org.jspecify.annotations.NullMarked;
