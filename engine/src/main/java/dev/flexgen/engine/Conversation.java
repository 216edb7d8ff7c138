package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import dev.flexgen.engine.exec.ModelRunner;
import dev.flexgen.engine.sample.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * A text that grows: its tokens' keys and values are kept, so that only what is new is computed. Used by the engine's thread;
 * {@link CancelToken}s may come from any.
 */
public final class Conversation implements AutoCloseable {

    private final ModelRunner runner;
    private final KvCache cache;
    private final int limit;

    /** The ids whose keys and values the cache holds, then those chosen but not yet computed. */
    private int[] ids;

    private final float[] logits;
    private boolean logitsFollow;
    private boolean closed;
    private double prefillSeconds;

    Conversation(ModelRunner runner, int limit) {
        this.runner = runner;
        this.limit = limit;
        this.cache = runner.newCache();
        this.ids = new int[Math.min(limit, 256)];
        this.logits = new float[runner.spec().vocabulary()];
    }

    /** Tokens held. */
    public int length() {
        return cache.length();
    }

    /** Most tokens it can hold. */
    public int limit() {
        return limit;
    }

    /**
     * Makes the conversation hold exactly {@code prompt}: keeps the common beginning, forgets what follows it, and computes the
     * rest, at least the last id.
     *
     * @return how many tokens were computed
     * @throws EngineException if an id is out of range or there are more than {@link #limit()}
     * @throws CancellationException if cancelled; what was computed until then is kept
     */
    public int prefill(int[] prompt, CancelToken cancel, ProgressListener progress) {
        if (closed) {
            throw new IllegalStateException("the conversation is closed");
        }
        TokenIds.check(prompt, runner.spec().vocabulary(), limit);
        long start = System.nanoTime();
        int common = Math.min(commonPrefix(prompt), prompt.length - 1);
        logitsFollow = false;
        cache.truncate(common);
        ids = Arrays.copyOf(prompt, Math.max(prompt.length, ids.length));
        int total = prompt.length - common;
        int count;
        for (int done = 0; done < total; done += count) {
            progress.onProgress(done, total);
            int from = common + done;
            count = Math.min(total - done, runner.maxStepTokens());
            boolean last = done + count == total;
            step(Arrays.copyOfRange(prompt, from, from + count), last ? 1 : 0, cancel);
        }
        progress.onProgress(total, total);
        logitsFollow = true;
        prefillSeconds = (System.nanoTime() - start) / 1e9;
        return total;
    }

    private void step(int[] tokens, int logitRows, CancelToken cancel) {
        Logits computed = runner.step(Batch.of(cache, tokens, logitRows, cancel));
        if (!computed.completed(0)) {
            throw new CancellationException("cancelled");
        }
        if (logitRows > 0) {
            computed.copyRow(0, 0, logits);
        }
    }

    /** The logits behind the last prefilled id, one per token of the vocabulary. */
    float[] logits() {
        return logits.clone();
    }

    private int commonPrefix(int[] prompt) {
        int mismatch = Arrays.mismatch(ids, 0, cache.length(), prompt, 0, prompt.length);
        return mismatch < 0 ? prompt.length : mismatch;
    }

    /**
     * Chooses tokens after the prefilled ones until something ends the reply. Cancelling ends it within half a layer; what was
     * said until then is kept.
     *
     * @throws IllegalStateException without a prefill before it
     */
    public Generation generate(GenerationRequest request, CancelToken cancel, TokenListener listener) {
        if (!logitsFollow) {
            throw new IllegalStateException("generate() needs a prefill() before it");
        }
        long start = System.nanoTime();
        Sampler sampler = new Sampler(request.sampling());
        List<Integer> tokens = new ArrayList<>();
        logitsFollow = false; // also when a listener throws
        FinishReason reason = reply(request, cancel, listener, sampler, tokens);
        return new Generation(tokens, reason, prefillSeconds, (System.nanoTime() - start) / 1e9);
    }

    private FinishReason reply(
            GenerationRequest request,
            CancelToken cancel,
            TokenListener listener,
            Sampler sampler,
            List<Integer> tokens) {
        while (!cancel.cancelled()) {
            int length = cache.length();
            int id = sampler.next(logits, ids, length);
            if (request.endTokens().contains(id)) {
                return FinishReason.EOS;
            }
            tokens.add(id);
            if (listener.onToken(id) == TokenListener.Verdict.STOP) {
                return FinishReason.STOP;
            }
            if (tokens.size() == request.maxNewTokens() || length == limit) {
                return FinishReason.LENGTH;
            }
            remember(id);
            try {
                step(new int[] {id}, 1, cancel);
            } catch (CancellationException e) {
                return FinishReason.CANCELLED;
            }
        }
        return FinishReason.CANCELLED;
    }

    private void remember(int id) {
        if (cache.length() == ids.length) {
            ids = Arrays.copyOf(ids, Math.min(limit, 2 * ids.length));
        }
        ids[cache.length()] = id;
    }

    @Override
    public void close() {
        closed = true;
        logitsFollow = false;
        cache.close();
    }
}
