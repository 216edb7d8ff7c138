package dev.flexgen.chat.dialogue;

import dev.flexgen.tokenizer.StopStrings;
import dev.flexgen.tokenizer.StreamDecoder;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes a reply of ids that arrive one by one: tells its text as it becomes certain, notices stop strings, and in the end
 * says which ids stand for the text. Those are the model's own as far as possible, for they are what it still holds; only
 * where a stop string or the trimming cuts a token in two is the rest of that token encoded anew. One reply, one thread.
 */
final class ReplyAssembler {

    private final Tokenizer tokenizer;
    private final StreamDecoder decoder;
    private final StopStrings stops;
    private final Consumer<String> listener;

    /** What the stop strings let through: the reply, not trimmed. */
    private final StringBuilder passed = new StringBuilder();

    private final List<Integer> ids = new ArrayList<>();

    /** Length of the decoded text behind each id. */
    private final List<Integer> decodedLengths = new ArrayList<>();

    private int decodedLength;
    private int told;

    ReplyAssembler(Tokenizer tokenizer, List<String> stopStrings, Consumer<String> listener) {
        this.tokenizer = tokenizer;
        this.listener = listener;
        decoder = new StreamDecoder(tokenizer);
        stops = new StopStrings(stopStrings);
    }

    /** Takes the next id. */
    void push(int id) {
        var text = decoder.next(id);
        decodedLength += text.length();
        ids.add(id);
        decodedLengths.add(decodedLength);
        pass(stops.push(text));
    }

    /** Whether a stop string has ended the reply. */
    boolean stopped() {
        return stops.stopped();
    }

    /** The ids are over: what was held back is told too, but for half a character. */
    void finish() {
        if (!stops.stopped()) {
            pass(stops.push(withoutHalfCharacter(decoder.flush())));
            pass(stops.flush());
        }
    }

    String text() {
        return passed.toString().strip();
    }

    /** The ids of the text, with the white space before it but none behind it. */
    TokenIds ids() {
        int end = passed.toString().stripTrailing().length();
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
        passed.append(text);
        var whole = passed.toString();
        int begin = Math.max(told, whole.length() - whole.stripLeading().length());
        int end = whole.stripTrailing().length();
        if (end > begin) {
            listener.accept(whole.substring(begin, end));
            told = end;
        }
    }

    private static String withoutHalfCharacter(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == '\uFFFD') {
            end--;
        }
        return text.substring(0, end);
    }
}
