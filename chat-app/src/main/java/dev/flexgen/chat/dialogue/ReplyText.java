package dev.flexgen.chat.dialogue;

import dev.flexgen.tokenizer.StopStrings;
import dev.flexgen.tokenizer.StreamDecoder;
import dev.flexgen.tokenizer.TextStop;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.List;
import java.util.function.Consumer;

/** Makes text of ids that arrive one by one, and tells it as it becomes certain, up to where it is to end. One reply, one thread. */
public final class ReplyText {

    /** What becomes of a character whose last bytes never came. */
    public enum HalfCharacter {
        /** It is told as U+FFFD. */
        REPLACE,
        /** It is left out. */
        DROP
    }

    private final StreamDecoder decoder;
    private final List<TextStop> stops;
    private final Consumer<String> listener;
    private final StringBuilder told = new StringBuilder();
    private int decodedLength;

    public ReplyText(Tokenizer tokenizer, List<String> stopStrings, Consumer<String> listener) {
        this(List.of(new StopStrings(stopStrings)), tokenizer, listener);
    }

    /** @param stops for this text alone; where one has ended it, the next ones see no more */
    public ReplyText(List<TextStop> stops, Tokenizer tokenizer, Consumer<String> listener) {
        this.decoder = new StreamDecoder(tokenizer);
        this.stops = List.copyOf(stops);
        this.listener = listener;
    }

    /** Takes the next id. */
    public void push(int id) {
        String text = decoder.next(id);
        decodedLength += text.length();
        tell(through(0, text));
    }

    /** Whether the text has ended before its ids. */
    public boolean stopped() {
        return stops.stream().anyMatch(TextStop::stopped);
    }

    /** The ids are over: what was held back is told too. */
    public void finish(HalfCharacter half) {
        if (!stopped()) {
            String rest = decoder.flush();
            tell(through(0, half == HalfCharacter.DROP ? withoutHalfCharacter(rest) : rest));
        }
        int from = 0; // behind the last one that has ended the text: what those before it hold came later
        for (int i = 0; i < stops.size(); i++) {
            from = stops.get(i).stopped() ? i + 1 : from;
        }
        for (int i = from; i < stops.size(); i++) {
            tell(through(i + 1, stops.get(i).flush()));
        }
    }

    private String through(int first, String text) {
        String certain = text;
        for (int i = first; i < stops.size(); i++) {
            certain = stops.get(i).push(certain);
        }
        return certain;
    }

    /** All that was told. */
    public String text() {
        return told.toString();
    }

    /** Length of the text behind the ids so far, with what is held back. */
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
