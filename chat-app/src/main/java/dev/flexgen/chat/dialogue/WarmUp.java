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
 * Has the engine compute while the user reads and types, so that the first reply meets compiled code: uncompiled, a small model's
 * first word takes a second. Large models gain nothing, since their time goes into memory. The session is this one's alone
 * until {@link #close()} returns, and then holds tokens that the first prompt replaces.
 */
final class WarmUp implements AutoCloseable {

    private static final long NANOS = 4_000_000_000L;
    /** The prompt shall be on the screen first. */
    private static final long HEAD_START_MILLIS = 500;

    private static final long SMALL_MODEL_BYTES = 1L << 30;

    /** About a first message with what surrounds it, and the beginning of a reply. */
    private static final int PROMPT = 48;

    private static final int REPLY = 16;

    private final CancelToken cancel = new CancelToken();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    WarmUp(Model model, Session session) {
        thread = Thread.ofPlatform().name("flexgen-warm-up").daemon().unstarted(() -> run(model, session));
        if (model.weightBytesPerToken() < SMALL_MODEL_BYTES) {
            thread.start();
        }
    }

    private void run(Model model, Session session) {
        try {
            if (closing.await(HEAD_START_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            return; // nobody interrupts it; if somebody does, it shall end
        }
        long end = System.nanoTime() + NANOS;
        GenerationRequest request = new GenerationRequest(REPLY, SamplerOptions.greedy(), Set.of());
        int round = 0;
        while (System.nanoTime() < end && !cancel.cancelled()) {
            try {
                int first = round++ % 2; // another first id each time, or the next round would find it all done
                int[] prompt = IntStream.range(0, Math.max(1, Math.min(PROMPT, session.limit() / 2)))
                        .map(i -> (i + first) % model.spec().vocabulary())
                        .toArray();
                session.prefill(prompt, cancel, ProgressListener.NONE);
                session.generate(request, cancel, _ -> Verdict.CONTINUE);
            } catch (CancellationException e) {
                return;
            } catch (RuntimeException e) {
                return; // the first real reply meets the same and tells the user
            }
        }
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
