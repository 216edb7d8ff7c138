/** From logits to the next token. */
@NullMarked
package dev.flexgen.engine.sample;

import org.jspecify.annotations.NullMarked;
