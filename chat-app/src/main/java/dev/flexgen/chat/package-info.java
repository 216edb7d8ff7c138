/**
 * The program itself: {@link dev.flexgen.chat.Main} turns arguments into an exit code and {@link dev.flexgen.chat.Wiring}
 * puts the modules together. Nothing outside this module may depend on it; it alone prints and ends the process.
 */
@NullMarked
package dev.flexgen.chat;

import org.jspecify.annotations.NullMarked;
