package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Turn;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Puts the last reply, or its last piece of code, into the terminal's clipboard. */
final class CopyCommand implements SlashCommand {

    private static final String CODE = "code";

    /** What widespread terminals take at most in one sequence. */
    private static final int MOST_BYTES = 74_000;

    private static final Pattern BLOCK = Pattern.compile("(?ms)^ *```[^\\n]*\\n(.*?)(?:^ *```|\\z)");

    @Override
    public String name() {
        return "/copy";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/copy [code]";
    }

    @Override
    public String summary() {
        return "copy the last reply, or its last block of code, to the clipboard";
    }

    @Override
    public String details() {
        return "The terminal does it (OSC 52), also over ssh. In tmux, 'set -g set-clipboard on' allows it.";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().turns().isEmpty() ? Optional.of("There is no reply to copy yet.") : Optional.empty();
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? List.of(Suggestion.of(CODE, "the last block of code")) : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        if (!argument.isEmpty() && !argument.equalsIgnoreCase(CODE)) {
            chat.error("/copy takes nothing or the word code, not '" + argument + "'.");
            return Outcome.CONTINUE;
        }
        Optional<String> text = argument.isEmpty()
                ? Optional.of(chat.dialogue().turns().getLast().reply())
                : lastBlock(chat.dialogue().turns());
        if (text.isEmpty()) {
            chat.error("No reply has a block of code.");
            return Outcome.CONTINUE;
        }
        byte[] bytes = text.get().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MOST_BYTES) {
            chat.error("The reply is too long for the terminal's clipboard; /export FILE.md writes it to a file.");
        } else if (chat.send("\u001b]52;c;" + Base64.getEncoder().encodeToString(bytes) + "\u0007")) {
            chat.remark("[" + Counted.of(text.get().codePointCount(0, text.get().length()), "character")
                    + " sent to the clipboard]");
        } else {
            chat.error("This terminal has no clipboard to send to; /export FILE.md writes the conversation to a file.");
        }
        return Outcome.CONTINUE;
    }

    private static Optional<String> lastBlock(List<Turn> turns) {
        for (Turn turn : turns.reversed()) {
            var last = BLOCK.matcher(turn.reply()).results().reduce((_, later) -> later);
            if (last.isPresent()) {
                return Optional.of(last.get().group(1));
            }
        }
        return Optional.empty();
    }
}
