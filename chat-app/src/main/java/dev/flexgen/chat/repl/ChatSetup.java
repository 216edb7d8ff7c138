package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.ChatModel;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.HistoryChoice;
import java.nio.file.Path;
import java.util.function.IntConsumer;

/**
 * All that a chat needs from outside.
 *
 * @param modelName as the greeting shows it
 * @param systemText blank for the format's own
 * @param stateDirectory where the input history is kept
 * @param history how much of it is
 * @param exit ends the process with this exit code; called on a second Ctrl-C, when the model does not stop
 */
public record ChatSetup(
        String modelName,
        ChatModel model,
        PromptFormat format,
        String systemText,
        ReplyOptions options,
        Path stateDirectory,
        HistoryChoice history,
        Theme theme,
        Verbosity verbosity,
        IntConsumer exit) {}
