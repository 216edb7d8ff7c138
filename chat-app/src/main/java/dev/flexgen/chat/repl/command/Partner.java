package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.ChatModel;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.Settings;
import java.util.List;
import java.util.function.Function;

/**
 * Who is talked with.
 *
 * @param name as the greeting shows it
 * @param options how it replies under some settings
 */
public record Partner(
        String name, ChatModel model, PromptFormat format, Function<Settings, ReplyOptions> options, Facts facts) {

    /**
     * What users are told of a model and of where it is kept.
     *
     * @param weights how they are stored, such as {@code f16}
     * @param places what of it each memory holds, such as {@code GPU 11.2 GiB, host 40.1 GiB}
     * @param about one fact a line
     * @param plan where its parts are and how fast that can be, one fact a line
     */
    public record Facts(String weights, String places, List<String> about, List<String> plan) {

        public static final Facts NONE = new Facts("", "", List.of(), List.of());
    }
}
