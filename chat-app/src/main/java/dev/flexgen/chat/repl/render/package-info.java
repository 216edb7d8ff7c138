/** What the chat shows, as pure functions from events to text; nothing here writes anywhere. */
@NullMarked
package dev.flexgen.chat.repl.render;

import org.jspecify.annotations.NullMarked;
