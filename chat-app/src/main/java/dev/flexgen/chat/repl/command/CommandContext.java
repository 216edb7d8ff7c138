package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Dialogue;
import java.util.function.Consumer;

/**
 * What a slash command may touch.
 *
 * @param out takes text to show, without its last line end
 * @param error takes an error message
 */
public record CommandContext(Commands commands, Dialogue dialogue, Consumer<String> out, Consumer<String> error) {}
