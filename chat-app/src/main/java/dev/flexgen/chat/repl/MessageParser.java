package dev.flexgen.chat.repl;

import java.util.List;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.EOFError;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;

/**
 * Tells the line editor when a message is complete and which word the cursor is in. Nothing else: a message is prose,
 * and quotes, apostrophes and backslashes in it mean nothing.
 */
final class MessageParser implements Parser {

    @Override
    public ParsedLine parse(String line, int cursor, ParseContext context) {
        if (context != ParseContext.COMPLETE && UserInput.isOpen(line)) {
            throw new EOFError(-1, -1, "the closing \"\"\" is missing");
        }
        return new Words(line, cursor);
    }

    @Override
    public boolean isEscapeChar(char ch) {
        return false;
    }

    /** The words up to the cursor; the last one is the one being written and may be empty. */
    private record Words(String line, int cursor) implements CompletingParsedLine {

        @Override
        public List<String> words() {
            return List.of(line.substring(0, cursor).split("\\s+", -1));
        }

        @Override
        public int wordIndex() {
            return words().size() - 1;
        }

        @Override
        public String word() {
            return words().getLast();
        }

        @Override
        public int wordCursor() {
            return word().length();
        }

        @Override
        public CharSequence escape(CharSequence candidate, boolean complete) {
            return candidate;
        }

        @Override
        public int rawWordCursor() {
            return wordCursor();
        }

        @Override
        public int rawWordLength() {
            return word().length();
        }
    }
}
