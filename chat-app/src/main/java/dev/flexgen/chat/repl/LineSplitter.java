package dev.flexgen.chat.repl;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines of UTF-8 text, of bounded length: a stream without line ends must not fill the memory. Bytes that are not UTF-8
 * become U+FFFD. Line ends are LF or CRLF.
 */
final class LineSplitter {

    private final Reader reader;
    private final int longest;

    /** @param longest most characters of a line that are kept */
    LineSplitter(InputStream in, int longest) {
        reader = new InputStreamReader(in, StandardCharsets.UTF_8);
        this.longest = longest;
    }

    /** One line. */
    sealed interface Line {

        record Whole(String text) implements Line {}

        /** A line beyond the bound; what it said is lost. */
        record TooLong() implements Line {}
    }

    /** The next line, or null at the end. Waits for input, and never for more than this line. */
    @Nullable
    Line next() throws IOException {
        var text = new StringBuilder();
        boolean tooLong = false;
        int c = reader.read();
        if (c < 0) {
            return null;
        }
        for (; c >= 0 && c != '\n'; c = reader.read()) {
            tooLong |= text.length() == longest;
            if (!tooLong) {
                text.append((char) c);
            }
        }
        if (!text.isEmpty() && text.charAt(text.length() - 1) == '\r') {
            text.setLength(text.length() - 1);
        }
        return tooLong ? new Line.TooLong() : new Line.Whole(text.toString());
    }
}
