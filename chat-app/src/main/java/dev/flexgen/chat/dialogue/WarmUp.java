package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.Threads;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Has the engine compute while the user reads and types. A small model's first reply shall meet compiled code: uncompiled, its first
 * word takes a second. The code of a large one was compiled while it was loaded; a step of each kind shows how long its steps take, so
 * that it can be said what the first message will cost. The session is this one's alone until {@link #close()} returns, and then holds
 * tokens that the first prompt replaces.
 */
final class WarmUp implements AutoCloseable {

    private static final long NANOS = 4_000_000_000L;
    /** The prompt shall be on the screen first. */
    private static final long HEAD_START_MILLIS = 500;

    private static final long SMALL_MODEL_BYTES = 1L << 30;

    /** About a first message with what surrounds it, and the beginning of a reply. */
    private static final int PROMPT = 48;

    private static final int REPLY = 16;

    /** From so many on, tokens of a message that could be read already are worth more than a small model's warmth. */
    private static final int WORTH_MORE_THAN_WARMTH = 256;

    /** Prompts of a large model: as a message is most often, as what is left of one that was read ahead, and as a longer one. */
    private static final int[] KINDS = {24, 8, 64};

    /** So many that a step which was held up is not the middle one. */
    private static final int FEW_WORDS = 4;

    private final CancelToken cancel = new CancelToken();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private final boolean small;
    private final int vocabulary;

    WarmUp(Model model, Session session) {
        small = model.weightBytesPerToken() < SMALL_MODEL_BYTES;
        vocabulary = model.spec().vocabulary();
        thread = Thread.ofPlatform().name("flexgen-warm-up").daemon().unstarted(() -> run(session));
        if (small || Pace.of(model).stopsSoon()) {
            thread.start();
        }
    }

    private void run(Session session) {
        try {
            if (closing.await(HEAD_START_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            return; // nobody interrupts it; if somebody does, it shall end
        }
        long end = System.nanoTime() + NANOS;
        try {
            for (int round = 0; System.nanoTime() < end && !cancel.cancelled() && goesOn(round); round++) {
                turn(session, small ? PROMPT : KINDS[round], small ? REPLY : FEW_WORDS, round);
            }
        } catch (CancellationException e) {
            // closed
        } catch (RuntimeException e) {
            // the first real reply meets the same and tells the user
        }
    }

    private boolean goesOn(int round) {
        return small || round < KINDS.length;
    }

    private void turn(Session session, int tokens, int reply, int round) {
        int first = round % 2; // another first id each time, or the next round would find it all done
        int[] prompt = IntStream.range(0, Math.max(1, Math.min(tokens, session.limit() / 2)))
                .map(i -> (i + first) % vocabulary)
                .toArray();
        session.prefill(prompt, cancel, ProgressListener.NONE);
        session.generate(
                new GenerationRequest(reply, SamplerOptions.greedy(), Set.of()), cancel, _ -> Verdict.CONTINUE);
    }

    /** Whether it should go on rather than let a prompt's beginning of so many tokens be read. */
    boolean isWorthMoreThan(int tokens) {
        return !over() && tokens < (small ? WORTH_MORE_THAN_WARMTH : Session.LEAST_AHEAD);
    }

    /** Whether it has come to its own end. */
    boolean over() {
        return !thread.isAlive();
    }

    @Override
    public void close() {
        cancel.cancel();
        closing.countDown();
        Threads.joinUninterruptibly(thread);
    }
}
