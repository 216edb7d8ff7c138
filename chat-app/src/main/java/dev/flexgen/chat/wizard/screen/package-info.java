/** The wizard on a terminal: Lanterna's screen over the line editor's terminal, so that only one of them owns it. */
@NullMarked
package dev.flexgen.chat.wizard.screen;

import org.jspecify.annotations.NullMarked;
