package dev.flexgen.chat.repl.render;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.TurnCost;
import dev.flexgen.config.PlainText;
import java.util.List;
import java.util.Locale;

/** The chat's remarks besides the replies, one line each. */
public final class StatusText {

    private StatusText() {}

    /** What a reply took, such as {@code [23 tokens, 12.3 tok/s, context 812/2048]}. */
    public static String reply(Reply reply, int heldTokens, int contextLimit) {
        var limit = reply.end() == ReplyEnd.LENGTH ? " (cut off at the limit; /more goes on)" : "";
        var speed =
                reply.tokensPerSecond() > 0 ? String.format(Locale.ROOT, ", %.1f tok/s", reply.tokensPerSecond()) : "";
        return "[%s%s%s%s, context %d/%d]"
                .formatted(
                        count(reply.generatedTokens(), "token"),
                        limit,
                        speed,
                        reading(reply),
                        heldTokens,
                        contextLimit);
    }

    /** Worth a word where it took a while. */
    private static String reading(Reply reply) {
        return reply.prefillSeconds() >= 1
                ? String.format(
                        Locale.ROOT,
                        ", read %d at %.1f tok/s",
                        reply.prefilledTokens(),
                        reply.prefilledTokens() / reply.prefillSeconds())
                : "";
    }

    /**
     * How far reading a prompt is.
     *
     * @param stepTokens tokens of the step that runs, which goes through all layers; 0 if that is not known
     * @param layer that it is in, counted from 0
     * @param layers of the model; 0 if that is not known
     */
    public record Reading(int doneTokens, int totalTokens, int stepTokens, int layer, int layers) {

        /** Tokens that went through all layers, and the others' share of that. */
        double done() {
            double under = layers == 0 ? 0 : (double) layer / layers;
            return doneTokens + under * Math.min(stepTokens, totalTokens - doneTokens);
        }

        private String place() {
            if (layers == 0) {
                return "";
            }
            int steps = stepTokens == 0 ? 1 : Math.ceilDiv(totalTokens, stepTokens);
            String part = steps < 2 ? "" : " of part " + (doneTokens / stepTokens + 1) + "/" + steps;
            return ", layer " + (layer + 1) + "/" + layers + part;
        }
    }

    /** What the wait for the first word is about, without a line end. */
    public static String reading(Reading reading, long seconds) {
        if (reading.doneTokens() >= reading.totalTokens()) {
            return "waiting for the first word, %d s".formatted(seconds);
        }
        double done = reading.done();
        double share = done / reading.totalTokens();
        var left =
                share > 0.01 && seconds > 0 ? ", about %s left".formatted(duration(seconds * (1 - share) / share)) : "";
        return "reading the prompt, %d %% of %s%s, %d s%s"
                .formatted((int) (100 * share), count(reading.totalTokens(), "token"), reading.place(), seconds, left);
    }

    /** What a message will cost that is not sent yet. */
    public static String forecast(int tokens, TurnCost cost, int replyTokens) {
        var message = "~%s, first word in %s".formatted(count(tokens, "token"), exact(cost.firstWordSeconds()));
        if (cost.tokenSeconds().isEmpty()) {
            return message;
        }
        double token = cost.tokenSeconds().getAsDouble();
        return message
                + (replyTokens > 1
                        ? ", then %d in %s".formatted(replyTokens, exact(token * (replyTokens - 1)))
                        : ", then %s a token"
                                .formatted(token < 1 ? String.format(Locale.ROOT, "%.2g s", token) : exact(token)));
    }

    private static String exact(double seconds) {
        return seconds < 9.95 ? String.format(Locale.ROOT, "%.1f s", seconds) : duration(seconds);
    }

    private static String duration(double seconds) {
        return seconds < 90
                ? Math.max(1, Math.round(seconds)) + " s"
                : String.format(Locale.ROOT, "%.0f min", Math.ceil(seconds / 60));
    }

    /** The messages that the user has typed during a reply, and how to take one back; empty for none. */
    public static String waiting(List<String> messages) {
        if (messages.isEmpty()) {
            return "";
        }
        var last = PlainText.line(messages.getLast());
        return messages.size() == 1
                ? "[waiting: " + last + "; Ctrl-U takes it back]"
                : "[" + messages.size() + " waiting, the last: " + last + "; Ctrl-U takes it back]";
    }

    public static String event(DialogueEvent event) {
        return switch (event) {
            case DialogueEvent.TurnsDropped(int dropped, int kept) ->
                "[the context is full: forgot the oldest %s, kept %d]"
                        .formatted(dropped == 1 ? "turn" : dropped + " turns", kept);
            case DialogueEvent.RoomMade(int dropped, int kept) ->
                "[the context is full: forgot the oldest %s, kept %d, read again while you type]"
                        .formatted(dropped == 1 ? "turn" : dropped + " turns", kept);
            case DialogueEvent.SystemTextLeftOut(int tokens, int share) ->
                "[the system text of %s is left out: this model's context has room for %d]"
                        .formatted(count(tokens, "token"), share);
        };
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
