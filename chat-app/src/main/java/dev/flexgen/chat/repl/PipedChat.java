package dev.flexgen.chat.repl;

import dev.flexgen.chat.ClosedOutputException;
import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.TextLines;
import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.MessageTooLongException;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A conversation without a terminal. Every line of input is one message, blank lines are skipped, and there are no
 * commands: a slash is a slash. Every reply goes to {@code out} as it is made, ended by a line feed, and nothing else
 * goes there. Where {@code out} is a terminal although the input is none, what the model says is made harmless.
 */
public final class PipedChat {

    private static final int OK = 0;
    private static final int FAILURE = 1;
    private static final int INTERRUPTED = 130;
    private static final int LONGEST_LINE = 1 << 20;
    private static final String INPUT = "standard input";

    private final ChatSetup setup;
    private final PrintStream out;
    private final PrintStream err;
    private final UnaryOperator<String> gate;
    private final Supplier<CancelToken> tokens;
    private final Dialogue dialogue;
    private boolean failed;

    private PipedChat(ChatSetup setup, Streams streams, Supplier<CancelToken> tokens) {
        this.setup = setup;
        this.out = streams.out();
        this.err = streams.err();
        this.gate = streams::reply;
        this.tokens = tokens;
        dialogue = setup.dialogue();
    }

    /**
     * Talks until the input ends.
     *
     * @param in replaces the input of {@code streams}
     * @param tokens a fresh token for each reply; cancelling it stops the reply and the chat
     * @return the exit code: 0; 1 if a line got no reply; 130 if it was cancelled
     * @throws ClosedOutputException if nobody reads {@code out} any more
     * @throws CommandException if the input cannot be read
     */
    public static int run(ChatSetup setup, InputStream in, Streams streams, Supplier<CancelToken> tokens) {
        return new PipedChat(setup, streams, tokens).run(new TextLines(in, LONGEST_LINE));
    }

    /**
     * One turn.
     *
     * @param cancel stops the reply
     * @return the exit code: 0, or 130 if it was cancelled
     * @throws ClosedOutputException if nobody reads {@code out} any more
     */
    public static int answer(ChatSetup setup, String message, Streams streams, CancelToken cancel) {
        return new PipedChat(setup, streams, () -> cancel).answer(message);
    }

    private int answer(String message) {
        dialogue.openingEvent().ifPresent(this::announce);
        try {
            return say(message) == ReplyEnd.STOPPED ? INTERRUPTED : OK;
        } catch (MessageTooLongException e) {
            throw CommandException.usage(e.getMessage());
        }
    }

    private int run(TextLines lines) {
        dialogue.openingEvent().ifPresent(this::announce);
        for (var line = next(lines); line != null; line = next(lines)) {
            switch (line) {
                case TextLines.Line.Text(int _, String text) when text.isBlank() -> {}
                case TextLines.Line.Text(int number, String text) -> {
                    if (talk(number, text.strip()) == ReplyEnd.STOPPED) {
                        return INTERRUPTED;
                    }
                }
                case TextLines.Line.Unusable(int number, String reason) -> fail(number, "It " + reason + ".");
            }
        }
        return failed ? FAILURE : OK;
    }

    private static TextLines.@Nullable Line next(TextLines lines) {
        try {
            return lines.next();
        } catch (IOException e) {
            throw TextLines.unreadable(INPUT, e);
        }
    }

    private ReplyEnd say(String message) {
        var cancel = tokens.get();
        var reply = dialogue.say(message, options(), new Output(cancel), cancel);
        print("\n");
        if (out.checkError()) {
            throw new ClosedOutputException();
        }
        return reply.end();
    }

    private ReplyEnd talk(int number, String message) {
        try {
            return say(message);
        } catch (MessageTooLongException e) {
            fail(number, e.getMessage());
        } catch (TokenizerException e) {
            if (e.kind() != TokenizerException.Kind.TEXT) {
                throw e;
            }
            fail(number, e.getMessage());
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.INPUT) {
                throw e;
            }
            fail(number, e.getMessage());
        }
        return ReplyEnd.FINISHED;
    }

    private ReplyOptions options() {
        return setup.partner().options().apply(setup.settings());
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
