package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.ChatModel;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.Settings;
import java.util.function.Function;

/**
 * Who is talked with.
 *
 * @param name as the greeting shows it
 * @param options how it replies under some settings
 */
public record Partner(String name, ChatModel model, PromptFormat format, Function<Settings, ReplyOptions> options) {}
