package dev.flexgen.chat;

import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.config.PlainText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The three standard streams, UTF-8 whatever the locale says: answers go to {@code out}, everything else to {@code err}.
 * The caller owns the streams and closes them, if anybody does.
 *
 * @param terminal whether a person sits at both ends; asked only where it matters, since the answer takes time
 * @param errTerminal whether {@code err} leads to the terminal that the process was started in
 * @param outTerminal whether {@code out} leads to it; asked once
 * @param inTerminal whether a person sits at {@code in}
 */
public record Streams(
        InputStream in,
        PrintStream out,
        PrintStream err,
        BooleanSupplier terminal,
        BooleanSupplier errTerminal,
        BooleanSupplier outTerminal,
        BooleanSupplier inTerminal) {

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Streams of which {@code in} leads to a terminal only if {@code out} does too. */
    public Streams(
            InputStream in,
            PrintStream out,
            PrintStream err,
            BooleanSupplier terminal,
            BooleanSupplier errTerminal,
            BooleanSupplier outTerminal) {
        this(in, out, err, terminal, errTerminal, outTerminal, terminal);
    }

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
                once(SystemTerminal::isOut),
                SystemTerminal::isIn);
    }

    /** Whether somebody pipes text in; waits a moment for its first byte, which stays there to be read. */
    public boolean inputWaits() {
        if (inTerminal.getAsBoolean() || !in.markSupported()) {
            return false;
        }
        var any = new AtomicBoolean();
        Thread peek = Thread.ofPlatform().name("first-byte").daemon().start(() -> {
            try {
                in.mark(1);
                any.set(in.read() >= 0);
                in.reset();
            } catch (IOException e) {
                // whoever reads it says so
            }
        });
        try {
            return peek.join(PATIENCE) && any.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** A reply comes in many pieces, and finding out may take a process. */
    private static BooleanSupplier once(BooleanSupplier question) {
        var answer = new AtomicReference<@Nullable Boolean>();
        return () -> {
            Boolean known = answer.get();
            if (known == null) {
                known = question.getAsBoolean();
                answer.set(known);
            }
            return known;
        };
    }

    /** Says something that is no answer: one line in the form of all our messages, harmless whatever names it has in it. */
    public void note(String sentence) {
        err.print("flexgen-chat: " + PlainText.line(sentence) + "\n");
    }

    /** What a model says: as it is into pipes and files, harmless on a terminal. */
    public String reply(String text) {
        return outTerminal.getAsBoolean() ? PlainText.of(text) : text;
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
     * Writes to {@code out}, as {@link #reply} does, and makes sure that somebody still reads it.
     *
     * @throws ClosedOutputException when the reader of a pipe is gone or a disk is full
     */
    public void print(String text) {
        printStyled(reply(text));
    }

    /** {@link #print} of nothing but our own words, which may have colours. */
    public void printStyled(String text) {
        out.print(text);
        if (out.checkError()) {
            throw new ClosedOutputException();
        }
    }

    /** {@link #print} and a line feed, the same on every system. */
    public void printLine(String text) {
        print(text + "\n");
    }
}
