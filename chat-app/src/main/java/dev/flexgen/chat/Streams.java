package dev.flexgen.chat;

import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.chat.repl.render.ControlCharacters;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The three standard streams, UTF-8 whatever the locale says: answers go to {@code out}, everything else to {@code err}.
 * The caller owns the streams and closes them, if anybody does.
 *
 * @param terminal whether a person sits at both ends; asked only where it matters, since the answer takes time
 * @param errTerminal whether {@code err} leads to the terminal that the process was started in
 * @param outTerminal whether {@code out} leads to it
 */
public record Streams(
        InputStream in,
        PrintStream out,
        PrintStream err,
        BooleanSupplier terminal,
        BooleanSupplier errTerminal,
        BooleanSupplier outTerminal) {

    /** Streams of which {@code out} leads to a terminal only if {@code in} does too. */
    public Streams(
            InputStream in, PrintStream out, PrintStream err, BooleanSupplier terminal, BooleanSupplier errTerminal) {
        this(in, out, err, terminal, errTerminal, terminal);
    }

    /** The streams of this process, unbuffered so that a reply is seen as it comes. */
    static Streams ofProcess() {
        return new Streams(
                System.in,
                utf8(FileDescriptor.out),
                utf8(FileDescriptor.err),
                Streams::consoleIsTerminal,
                SystemTerminal::isErr,
                new Once(SystemTerminal::isOut));
    }

    /** Asked for every piece of a reply, answered by a process once. */
    private static final class Once implements BooleanSupplier {

        private final BooleanSupplier question;
        private @Nullable Boolean answer;

        Once(BooleanSupplier question) {
            this.question = question;
        }

        @Override
        public synchronized boolean getAsBoolean() {
            if (answer == null) {
                answer = question.getAsBoolean();
            }
            return answer;
        }
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** The JDK's choice of what to answer for a pipe has changed from version to version: null, or a console that is none. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean consoleIsTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    /**
     * Writes to {@code out} and makes sure that somebody still reads it.
     *
     * @throws ClosedOutputException when the reader of a pipe is gone or a disk is full
     */
    public void print(String text) {
        out.print(text);
        if (out.checkError()) {
            throw new ClosedOutputException();
        }
    }

    /** What a model says: unchanged into a pipe or a file, made harmless where a terminal shows it. */
    public String reply(String text) {
        return outTerminal.getAsBoolean() ? ControlCharacters.neutralise(text) : text;
    }

    /** {@link #print} and a line feed, the same on every system. */
    public void printLine(String text) {
        print(text + "\n");
    }
}
