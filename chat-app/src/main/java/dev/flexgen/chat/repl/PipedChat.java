package dev.flexgen.chat.repl;

import dev.flexgen.chat.ClosedOutputException;
import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.MessageTooLongException;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.CancelToken;
import dev.flexgen.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A conversation without a terminal. Every line of input is one message, blank lines are skipped, and there are no
 * commands: a slash is a slash. Every reply goes to {@code out} as it is made, ended by a line feed, and nothing else
 * goes there.
 */
public final class PipedChat {

    private static final int OK = 0;
    private static final int FAILURE = 1;
    private static final int INTERRUPTED = 130;
    private static final int LONGEST_LINE = 1 << 20;

    private final ChatSetup setup;
    private final PrintStream out;
    private final PrintStream err;
    private final UnaryOperator<String> gate;
    private final Supplier<CancelToken> tokens;
    private final Dialogue dialogue;
    private boolean failed;

    private PipedChat(
            ChatSetup setup,
            PrintStream out,
            PrintStream err,
            UnaryOperator<String> gate,
            Supplier<CancelToken> tokens) {
        this.gate = gate;
        this.setup = setup;
        this.out = out;
        this.err = err;
        this.tokens = tokens;
        dialogue = new Dialogue(setup.model(), setup.format(), setup.systemText());
    }

    /**
     * Talks until the input ends.
     *
     * @param gate makes what the model says fit for where {@code out} leads
     * @param tokens a fresh token for each reply; cancelling it stops the reply and the chat
     * @return the exit code: 0; 1 if a line got no reply; 130 if it was cancelled
     * @throws ClosedOutputException if nobody reads {@code out} any more
     * @throws IOException if the input cannot be read
     */
    public static int run(
            ChatSetup setup,
            InputStream in,
            PrintStream out,
            PrintStream err,
            UnaryOperator<String> gate,
            Supplier<CancelToken> tokens)
            throws IOException {
        return new PipedChat(setup, out, err, gate, tokens).run(new LineSplitter(in, LONGEST_LINE));
    }

    private int run(LineSplitter lines) throws IOException {
        dialogue.openingEvent().ifPresent(this::announce);
        int number = 1;
        for (var line = lines.next(); line != null; line = lines.next(), number++) {
            switch (line) {
                case LineSplitter.Line.Whole(var text) when text.isBlank() -> {}
                case LineSplitter.Line.Whole(var text) -> {
                    if (talk(number, text.strip()) == ReplyEnd.STOPPED) {
                        return INTERRUPTED;
                    }
                }
                case LineSplitter.Line.TooLong _ ->
                    fail(number, "It has more than " + LONGEST_LINE + " characters; send it in parts.");
            }
        }
        return failed ? FAILURE : OK;
    }

    private ReplyEnd talk(int number, String message) {
        var cancel = tokens.get();
        try {
            var reply = dialogue.say(message, setup.options(), new Output(cancel), cancel);
            print("\n");
            if (out.checkError()) {
                throw new ClosedOutputException();
            }
            return reply.end();
        } catch (MessageTooLongException e) {
            fail(number, e.getMessage());
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.INPUT) {
                throw e;
            }
            fail(number, e.getMessage());
        }
        return ReplyEnd.FINISHED;
    }

    private void fail(int number, String sentence) {
        failed = true;
        complain("line " + number + " got no reply: " + sentence);
    }

    private void announce(DialogueEvent event) {
        complain(StatusText.event(event));
    }

    private void complain(String text) {
        err.print("flexgen-chat: " + PlainText.line(text) + "\n");
        err.flush();
    }

    /** UTF-8 whatever the stream's own encoding is. */
    private void print(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.write(bytes, 0, bytes.length);
        out.flush();
    }

    /** Writes a reply; stops it when nobody reads it. */
    private final class Output implements DialogueListener {

        private final CancelToken cancel;

        private Output(CancelToken cancel) {
            this.cancel = cancel;
        }

        @Override
        public void onText(String text) {
            print(gate.apply(text));
            if (out.checkError()) {
                cancel.cancel();
            }
        }

        @Override
        public void onEvent(DialogueEvent event) {
            announce(event);
        }
    }
}
