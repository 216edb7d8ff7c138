/**
 * The conversation as data: turns whose token ids never change once made, the context budget, and the seam to the model.
 * No terminal, no printing; {@code repl} and {@code cli} depend on this package.
 */
@NullMarked
package dev.flexgen.chat.dialogue;

import org.jspecify.annotations.NullMarked;
