package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.repl.command.Attachments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.render.StatusText;
import java.io.IOException;
import java.util.Optional;

/**
 * What the message being written will cost: its tokens, when the first word comes, how long a reply takes. From what the last turn
 * with this model took, so there is none before it; says nothing while it is about a moment. Owned by the chat's thread.
 */
final class TurnForecast {

    /** Below it nobody waits. */
    private static final double SHORTEST_SECONDS = 2;

    /** Fewer tell nothing of how long reading takes. */
    private static final int FEWEST_TOKENS = 8;

    private final CommandContext chat;
    private final Attachments attachments;
    private Optional<Pace> pace = Optional.empty();
    private String draft = "";
    private String shown = "";

    /** How fast a model was: what one step takes at least, what a token more takes, and how long its reply was. */
    private record Pace(double stepSeconds, double tokenSeconds, int replyTokens, double replySeconds) {

        double firstWord(int tokens) {
            return stepSeconds + tokenSeconds * tokens;
        }
    }

    TurnForecast(CommandContext chat) {
        this.chat = chat;
        attachments = new Attachments(chat::path);
    }

    /** What a turn took that has ended. */
    void learn(Reply reply) {
        int read = reply.prefilledTokens();
        if (read < FEWEST_TOKENS || reply.generatedTokens() < 2) {
            return;
        }
        // A step reads the weights once, however few its tokens: it takes what a token of the reply took, or all the
        // time there was.
        double step = Math.min(reply.prefillSeconds(), reply.decodeSeconds() / (reply.generatedTokens() - 1));
        double token = (reply.prefillSeconds() - step) / read;
        pace = Optional.of(new Pace(step, token, reply.generatedTokens(), reply.decodeSeconds()));
        draft = "";
        shown = "";
    }

    /** Another model is another pace. */
    void forget() {
        pace = Optional.empty();
        draft = "";
        shown = "";
    }

    /** The forecast for a draft; empty if there is none. */
    String of(String text) {
        if (!text.equals(draft)) {
            draft = text;
            shown = pace.isEmpty() || text.isBlank() || text.startsWith("/") ? "" : forecast(text, pace.get());
        }
        return shown;
    }

    private String forecast(String text, Pace its) {
        int tokens;
        try {
            tokens = chat.dialogue().tokens(attachments.expand(text));
        } catch (IOException notYetAFile) {
            tokens = chat.dialogue().tokens(text);
        }
        double firstWord = its.firstWord(tokens);
        return firstWord < SHORTEST_SECONDS
                ? ""
                : StatusText.forecast(tokens, firstWord, its.replyTokens(), its.replySeconds());
    }
}
