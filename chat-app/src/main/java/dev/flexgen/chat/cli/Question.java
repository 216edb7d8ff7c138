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
    private static final Set<String> DEMO = Set.of("d", "demo");
    private static final int MOST_BYTES = 1024;

    private Question() {}

    static boolean yes(Streams streams, String question) {
        return YES.contains(answer(streams, question + " [y/N] "));
    }

    /** An answer where the demo model is one too. */
    enum Answer {
        YES,
        DEMO,
        NO
    }

    /** The same with a third answer: to talk with the model that is always here. */
    static Answer yesDemoOrNo(Streams streams, String question) {
        String answer = answer(streams, question + " [y = yes, d = the demo model this time, N = leave] ");
        return YES.contains(answer) ? Answer.YES : DEMO.contains(answer) ? Answer.DEMO : Answer.NO;
    }

    private static String answer(Streams streams, String prompt) {
        streams.err().print(PlainText.line(prompt));
        streams.err().flush();
        // Ctrl-C is an answer too, behind which the shell's prompt wants a line of its own.
        var lineEnd = new Thread(() -> streams.err().println(), "question-line-end");
        Runtime.getRuntime().addShutdownHook(lineEnd);
        try {
            return line(streams.in()).strip().toLowerCase(Locale.ROOT);
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(lineEnd);
            } catch (IllegalStateException shuttingDown) {
                // It runs.
            }
        }
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
