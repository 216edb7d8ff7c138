package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.base.CancelToken;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A model that says what it is told to say, a word at a time. One token per character, a begin token of its own, so that
 * token counts are text lengths plus one. Thread-safe enough to be asked about from another thread than it talks on.
 */
public final class ScriptedChatModel implements ChatModel {

    public static final int BEGIN = 2;

    private final int contextLimit;
    private final Deque<Script> scripts = new ArrayDeque<>();
    private final List<String> prompts = new ArrayList<>();
    private final List<Integer> limits = new ArrayList<>();
    private final CountDownLatch paused = new CountDownLatch(1);
    private volatile boolean stubborn;
    private final Semaphore over = new Semaphore(0);
    private int held;
    private int spoken;
    private int readTokens = 1;
    private DraftCount drafts = DraftCount.NONE;
    private double readSeconds = 0.5;
    private double writeSeconds = 2.0;

    private record Script(
            String said, boolean endless, @Nullable RuntimeException failure) {}

    public ScriptedChatModel(int contextLimit) {
        this.contextLimit = contextLimit;
    }

    public ScriptedChatModel says(String reply) {
        scripts.add(new Script(reply, false, null));
        return this;
    }

    /** Says this much and then thinks until it is stopped. */
    public ScriptedChatModel saysAndHangs(String begin) {
        scripts.add(new Script(begin, true, null));
        return this;
    }

    /** Whether a hanging reply goes on although it was told to stop. */
    public void stubborn(boolean value) {
        stubborn = value;
    }

    /** What replies say they took. */
    public ScriptedChatModel paced(int tokensRead, double secondsOfReading, double secondsOfWriting) {
        readTokens = tokensRead;
        readSeconds = secondsOfReading;
        writeSeconds = secondsOfWriting;
        return this;
    }

    /** What replies say of their drafts. */
    public void drafted(DraftCount count) {
        drafts = count;
    }

    /** A hanging reply comes to its own end. */
    public void endHanging() {
        over.release();
    }

    /** Says this much and then fails. */
    public ScriptedChatModel saysAndFails(String begin, RuntimeException failure) {
        scripts.add(new Script(begin, false, failure));
        return this;
    }

    /** The prompts so far, as text behind the begin token. */
    public synchronized List<String> prompts() {
        return List.copyOf(prompts);
    }

    /** The reply limits so far. */
    public synchronized List<Integer> limits() {
        return List.copyOf(limits);
    }

    /** Waits until a hanging reply has said what it has to say. */
    public void awaitHanging() throws InterruptedException {
        if (!paused.await(10, TimeUnit.SECONDS)) {
            throw new AssertionError("the model was not asked for the reply that hangs");
        }
    }

    @Override
    public int contextLimit() {
        return contextLimit;
    }

    @Override
    public TokenIds encodeStart(String text) {
        return TokenIds.join(List.of(TokenIds.of(BEGIN), encodeContinuation(text)));
    }

    @Override
    public TokenIds encodeContinuation(String text) {
        return TokenIds.of(text.chars().toArray());
    }

    @Override
    public Optional<TurnCost> expect(TokenIds prompt) {
        if (held == 0 || readTokens == 1) { // nobody said how fast it is
            return Optional.empty();
        }
        int fresh = prompt.length() - held;
        double seconds = fresh * readSeconds / readTokens;
        return Optional.of(new TurnCost(fresh, seconds, OptionalDouble.of(writeSeconds / (spoken - 1))));
    }

    @Override
    public Reply reply(
            TokenIds prompt, List<String> stops, ReplyOptions options, ReplyListener listener, CancelToken cancel) {
        var script = start(prompt, options);
        listener.onPrompt(prompt.length());
        listener.onPrefill(prompt.length(), prompt.length());
        var said = new StringBuilder();
        boolean cut = script.said().length() > options.maxNewTokens();
        var words = Pattern.compile("(?<= )")
                .splitAsStream(script.said().substring(0, Math.min(script.said().length(), options.maxNewTokens())))
                .filter(word -> !word.isEmpty())
                .toList();
        for (var word : words) {
            if (cancel.cancelled()) {
                break;
            }
            listener.onToken();
            listener.onText(word);
            said.append(word);
        }
        if (script.failure() != null) {
            throw script.failure();
        }
        if (script.endless()) {
            hang(cancel);
        }
        spoken = said.length();
        held = prompt.length() + spoken;
        var end = cancel.cancelled() ? ReplyEnd.STOPPED : cut ? ReplyEnd.LENGTH : ReplyEnd.FINISHED;
        return new Reply(
                said.toString(),
                encodeContinuation(said.toString()),
                end,
                said.length(),
                readTokens,
                readSeconds,
                writeSeconds,
                drafts);
    }

    private synchronized Script start(TokenIds prompt, ReplyOptions options) {
        var text = new StringBuilder();
        for (int id : prompt.toArray()) {
            text.append(id == BEGIN ? "" : (char) id);
        }
        prompts.add(text.toString());
        limits.add(options.maxNewTokens());
        return scripts.isEmpty() ? new Script("nothing scripted", false, null) : scripts.remove();
    }

    private void hang(CancelToken cancel) {
        paused.countDown();
        while (stubborn || !(cancel.cancelled() || over.tryAcquire())) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new AssertionError("the model's thread must not be interrupted", e);
            }
        }
    }
}
