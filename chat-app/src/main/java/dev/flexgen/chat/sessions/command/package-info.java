/** The chat's commands for saved sessions; {@code cli} puts them into the chat's table. */
@NullMarked
package dev.flexgen.chat.sessions.command;

import org.jspecify.annotations.NullMarked;
