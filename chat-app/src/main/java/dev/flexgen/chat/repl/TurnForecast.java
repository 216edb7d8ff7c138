package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.TokenIds;
import dev.flexgen.chat.dialogue.TurnCost;
import dev.flexgen.chat.repl.command.Attachments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What the message being written will cost: its tokens, when the first word comes, how long a reply takes. The model says it of what
 * it has not read yet, which becomes less while the user writes; replies are taken to be as long and as fast as the last one. Says
 * nothing while it is about a moment. Used under the line editor's lock.
 */
final class TurnForecast {

    /** Below it nobody waits for a word. */
    private static final double SHORTEST_WAIT = 2;

    /** Below it nobody waits for a reply. */
    private static final double SHORTEST_REPLY = 10;

    /** Before there was one, a reply is thought to have so many tokens where it matters whether it is long. */
    private static final int USUAL_REPLY = 64;

    /** Keys come faster than forecasts change. */
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

    private final CommandContext chat;
    private final LongSupplier nanoTime;
    private final Attachments attachments;
    private int replyTokens;

    /** With all that made the last reply faster or slower, such as drafts. */
    private OptionalDouble tokenSeconds = OptionalDouble.empty();

    private String draft = "";
    private Optional<Prompt> prompt = Optional.empty();
    private String shown = "";
    private long shownAt;

    private record Prompt(TokenIds ids, int messageTokens) {}

    TurnForecast(CommandContext chat, LongSupplier nanoTime) {
        this.chat = chat;
        this.nanoTime = nanoTime;
        attachments = new Attachments(chat::path);
    }

    /** A turn has ended; one that was stopped at once tells nothing of the next. */
    void learn(Reply reply) {
        if (reply.generatedTokens() > 1) {
            replyTokens = reply.generatedTokens();
            tokenSeconds = OptionalDouble.of(reply.decodeSeconds() / (replyTokens - 1));
        }
        forgetDraft();
    }

    /** Another model says more or less. */
    void forget() {
        replyTokens = 0;
        tokenSeconds = OptionalDouble.empty();
        forgetDraft();
    }

    private void forgetDraft() {
        draft = "";
        prompt = Optional.empty();
    }

    /** The forecast for a draft; empty if there is none. */
    String of(String text) {
        long now = nanoTime.getAsLong();
        boolean changed = !text.equals(draft);
        if (changed || now - shownAt >= FRESH_NANOS) {
            if (changed) {
                draft = text;
                prompt = prompt(text);
            }
            shownAt = now;
            shown = prompt.map(this::forecast).orElse("");
        }
        return shown;
    }

    /** What would be sent for a draft. Encoding a long one takes a while, so it is done once. */
    private Optional<Prompt> prompt(String text) {
        if (text.isBlank() || text.startsWith("/") || tooLong(text)) {
            return Optional.empty();
        }
        try {
            String said = expanded(text);
            if (tooLong(said)) {
                return Optional.empty();
            }
            TokenIds message = chat.dialogue().messageIds(said);
            var options = chat.partner().options().apply(chat.settings());
            return chat.dialogue().promptOf(message, options).map(ids -> new Prompt(ids, message.length()));
        } catch (TokenizerException refused) {
            return Optional.empty(); // sending it will say why
        }
    }

    private boolean tooLong(String text) {
        return text.length() / DraftReader.MOST_CHARACTERS_A_TOKEN
                > chat.dialogue().model().contextLimit();
    }

    private String expanded(String text) {
        try {
            return attachments.expand(text);
        } catch (IOException notYetAFile) {
            return text;
        }
    }

    private String forecast(Prompt its) {
        return chat.dialogue()
                .model()
                .expect(its.ids())
                .map(cost -> tokenSeconds.isEmpty()
                        ? cost
                        : new TurnCost(cost.tokens(), cost.firstWordSeconds(), tokenSeconds))
                .filter(this::isLong)
                .map(cost -> StatusText.forecast(its.messageTokens(), cost, replyTokens))
                .orElse("");
    }

    private boolean isLong(TurnCost cost) {
        int tokens = replyTokens == 0 ? USUAL_REPLY : replyTokens;
        return cost.firstWordSeconds() >= SHORTEST_WAIT
                || cost.tokenSeconds().orElse(0) * (tokens - 1) >= SHORTEST_REPLY;
    }
}
