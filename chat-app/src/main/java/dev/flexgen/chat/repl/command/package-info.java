/** The slash commands of the chat: one table, one file per command. */
@NullMarked
package dev.flexgen.chat.repl.command;

import org.jspecify.annotations.NullMarked;
