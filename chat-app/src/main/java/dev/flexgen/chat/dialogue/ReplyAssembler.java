package dev.flexgen.chat.dialogue;

import dev.flexgen.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes a reply of ids that arrive one by one: tells its text, trimmed, as it becomes certain, and in the end says which ids
 * stand for the text. Those are the model's own as far as possible, for they are what it still holds; only where a stop
 * string or the trimming cuts a token in two is the rest of that token encoded anew. Costs as much for the last id as for the
 * first. One reply, one thread.
 */
final class ReplyAssembler {

    private final Tokenizer tokenizer;
    private final ReplyText reply;
    private final Consumer<String> listener;
    private final boolean goesOn;

    /** What the stop strings let through: the reply, not trimmed. */
    private final StringBuilder passed = new StringBuilder();

    /** Where in {@link #passed} the trimmed text begins and ends, as far as it is known. */
    private int begin;

    private int end;

    private final List<Integer> ids = new ArrayList<>();

    /** Length of the decoded text behind each id. */
    private final List<Integer> decodedLengths = new ArrayList<>();

    ReplyAssembler(Tokenizer tokenizer, List<String> stopStrings, Consumer<String> listener) {
        this(tokenizer, stopStrings, false, listener);
    }

    /** @param goesOn whether white space at the beginning separates the text from what was said before */
    ReplyAssembler(Tokenizer tokenizer, List<String> stopStrings, boolean goesOn, Consumer<String> listener) {
        this.tokenizer = tokenizer;
        this.goesOn = goesOn;
        this.listener = listener;
        this.reply = new ReplyText(tokenizer, stopStrings, this::pass);
    }

    /** Takes the next id. */
    void push(int id) {
        reply.push(id);
        ids.add(id);
        decodedLengths.add(reply.decodedLength());
    }

    /** Whether a stop string has ended the reply. */
    boolean stopped() {
        return reply.stopped();
    }

    /** The ids are over: what was held back is told too, but for half a character. */
    void finish() {
        reply.finish(ReplyText.HalfCharacter.DROP);
    }

    String text() {
        return passed.substring(begin, end);
    }

    /** The ids of the text, with the white space before it but none behind it. */
    TokenIds ids() {
        int count = 0;
        int length = 0;
        for (int i = 0; i < ids.size() && decodedLengths.get(i) <= end; i++) {
            if (decodedLengths.get(i)
                    > length) { // ids that have not completed a character yet wait for the one that does
                count = i + 1;
                length = decodedLengths.get(i);
            }
        }
        var kept = TokenIds.of(
                ids.subList(0, count).stream().mapToInt(Integer::intValue).toArray());
        if (length == end) {
            return kept;
        }
        return TokenIds.join(
                Arrays.asList(kept, TokenIds.of(tokenizer.encodeContinuation(passed.substring(length, end)))));
    }

    /** Tells what is new, trimmed: white space waits until something follows it. */
    private void pass(String text) {
        int before = passed.length();
        passed.append(text);
        String trimmed = text.stripTrailing();
        if (!trimmed.isEmpty()) {
            if (end == 0 && !goesOn) {
                begin = before + trimmed.length() - trimmed.stripLeading().length();
            }
            int from = Math.max(begin, end);
            end = before + trimmed.length();
            listener.accept(passed.substring(from, end));
        }
    }
}
