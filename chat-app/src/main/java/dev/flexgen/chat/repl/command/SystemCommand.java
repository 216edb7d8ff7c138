package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.repl.render.StatusText;

/** Shows or changes what the model is told before the conversation. */
final class SystemCommand implements SlashCommand {

    private static final String NONE = "none";
    private static final String FENCE = "\"\"\"";

    @Override
    public String name() {
        return "/system";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/system [TEXT|none]";
    }

    @Override
    public String summary() {
        return "change what the model is told before the conversation; alone, show it";
    }

    @Override
    public String details() {
        return "The model reads the whole conversation again at the next turn. /redo takes the change back.";
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var dialogue = chat.dialogue();
        if (argument.isEmpty()) {
            chat.remark(
                    dialogue.systemText().isBlank()
                            ? "[no system text of yours; the model's own layout opens the conversation]"
                            : dialogue.systemText());
            return Outcome.CONTINUE;
        }
        dialogue.systemText(argument.equalsIgnoreCase(NONE) ? "" : unfenced(argument));
        chat.remark("[the system text is changed; the next turn reads " + Counted.of(dialogue.heldTokens(), "token")
                + " again]");
        dialogue.openingEvent().map(StatusText::event).ifPresent(chat::error);
        return Outcome.CONTINUE;
    }

    private static String unfenced(String text) {
        return text.startsWith(FENCE) && text.endsWith(FENCE) && text.length() >= 2 * FENCE.length()
                ? text.substring(FENCE.length(), text.length() - FENCE.length()).strip()
                : text;
    }
}
