package dev.flexgen.chat.dialogue;

import dev.flexgen.tokenizer.StopStrings;
import dev.flexgen.tokenizer.StreamDecoder;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.List;
import java.util.function.Consumer;

/** Makes text of ids that arrive one by one, and tells it as it becomes certain, up to a stop string. One reply, one thread. */
public final class ReplyText {

    /** What becomes of a character whose last bytes never came. */
    public enum HalfCharacter {
        /** It is told as U+FFFD. */
        REPLACE,
        /** It is left out. */
        DROP
    }

    private final StreamDecoder decoder;
    private final StopStrings stops;
    private final Consumer<String> listener;
    private final StringBuilder told = new StringBuilder();
    private int decodedLength;

    public ReplyText(Tokenizer tokenizer, List<String> stopStrings, Consumer<String> listener) {
        this.decoder = new StreamDecoder(tokenizer);
        this.stops = new StopStrings(stopStrings);
        this.listener = listener;
    }

    /** Takes the next id. */
    public void push(int id) {
        String text = decoder.next(id);
        decodedLength += text.length();
        tell(stops.push(text));
    }

    /** Whether a stop string has ended the reply. */
    public boolean stopped() {
        return stops.stopped();
    }

    /** The ids are over: what was held back is told too. */
    public void finish(HalfCharacter half) {
        if (!stops.stopped()) {
            String rest = decoder.flush();
            tell(stops.push(half == HalfCharacter.DROP ? withoutHalfCharacter(rest) : rest));
            tell(stops.flush());
        }
    }

    /** All that was told. */
    public String text() {
        return told.toString();
    }

    /** Length of the text behind the ids so far, with what a stop string holds back. */
    int decodedLength() {
        return decodedLength;
    }

    private void tell(String text) {
        if (!text.isEmpty()) {
            told.append(text);
            listener.accept(text);
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
