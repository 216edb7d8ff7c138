package dev.flexgen.chat.cli;

import dev.flexgen.chat.Streams;
import dev.flexgen.config.PlainText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** A question at the terminal that is answered with yes or no; anything but a clear yes is a no. */
final class Question {

    private static final Set<String> YES = Set.of("y", "yes");
    private static final int MOST_BYTES = 1024;

    private Question() {}

    static boolean yes(Streams streams, String question) {
        streams.err().print(PlainText.line(question) + " [y/N] ");
        streams.err().flush();
        return YES.contains(line(streams.in()).strip().toLowerCase(Locale.ROOT));
    }

    /** Byte by byte, because what follows belongs to somebody else. */
    private static String line(InputStream in) {
        var line = new ByteArrayOutputStream();
        try {
            for (int one = in.read(); one >= 0 && one != '\n' && line.size() < MOST_BYTES; one = in.read()) {
                line.write(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
