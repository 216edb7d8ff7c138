package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * A sequence of tokens that grows: their keys and values are kept, so that only what is new is computed. For one thread at a
 * time; {@link CancelToken}s may come from any.
 */
public final class Session implements AutoCloseable {

    private final Model model;
    private final int limit;
    private KvCache cache;

    /** The ids whose keys and values the cache holds, then those that are to follow. */
    private int[] ids;

    private int wanted;

    private final float[] logits;
    private final ReadAhead ahead;
    private volatile int aheadEnd;
    private boolean logitsFollow;
    private boolean closed;
    private double prefillSeconds;

    /** Takes over the cache. */
    Session(Model model, KvCache cache, int limit) {
        this.model = model;
        this.cache = cache;
        this.limit = limit;
        this.ids = new int[Math.min(limit, 256)];
        this.logits = new float[model.spec().vocabulary()];
        this.ahead = new ReadAhead(model.machine().hasGpu(), model.maxStepTokens());
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
     * Makes the session hold exactly {@code prompt}: keeps the common beginning, forgets what follows it, and computes the rest, at
     * least the last id.
     *
     * @return how many tokens were computed
     * @throws EngineException if an id is out of range or there are more than {@link #limit()}
     * @throws CancellationException if cancelled; what was computed until then is kept
     */
    public int prefill(int[] prompt, CancelToken cancel, ProgressListener progress) {
        long start = System.nanoTime();
        int total = begin(prompt);
        while (pending() > 0) {
            progress.onProgress(total - pending(), total);
            if (!step(model, List.of(this), cancel)) {
                throw new CancellationException("cancelled");
            }
        }
        progress.onProgress(total, total);
        prefillSeconds = (System.nanoTime() - start) / 1e9;
        return total;
    }

    /**
     * Computes the beginning of a prompt of which the rest is not known yet, in whole steps, and tokens that
     * {@link #prefill} of the prompt would compute in steps alike: what it gives then is the same to the bit. So a rest is left that is
     * too short for that.
     *
     * @param beginning ids that the prompt will begin with; if it does not, they cost time and nothing else
     * @param goOn asked before each step
     * @param cancel ends a step in the middle; what was computed before it is kept
     * @return whether all of it that may be computed is
     */
    public boolean readAhead(int[] beginning, BooleanSupplier goOn, CancelToken cancel) {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        TokenIds.check(beginning, model.spec().vocabulary(), limit);
        int common = commonPrefix(beginning);
        if (common == beginning.length) {
            return true;
        }
        hold(beginning, ahead.keep(common));
        try {
            int count = ahead.next(cache.length(), pending());
            while (count > 0
                    && !cancel.cancelled()
                    && goOn.getAsBoolean()
                    && stepAhead(Math.min(count, pending()), cancel)) {
                count = ahead.next(cache.length(), pending());
            }
            return count == 0;
        } finally {
            forgetPending();
        }
    }

    /** Tokens that will be held when the step ahead that runs has ended. Any thread. */
    public int aheadEnd() {
        return aheadEnd;
    }

    private boolean stepAhead(int count, CancelToken cancel) {
        int from = cache.length();
        aheadEnd = from + count;
        Batch.Sequence part = new Batch.Sequence(cache, Arrays.copyOfRange(ids, from, from + count), 0, cancel);
        return model.step(new Batch(List.of(part))).completed(0);
    }

    /**
     * A session with the same tokens, whose cache is shared as far as possible: it grows by pages, and there may be no room for one.
     * The caller closes it.
     */
    Session fork() {
        return model.machine().inTurn(() -> {
            Session fork = new Session(model, cache.fork(), limit);
            fork.ids = Arrays.copyOf(ids, ids.length);
            fork.wanted = wanted;
            fork.logitsFollow = logitsFollow;
            fork.prefillSeconds = prefillSeconds;
            System.arraycopy(logits, 0, fork.logits, 0, logits.length);
            return fork;
        });
    }

    /** Goes on as a fork of this, which has this one's tokens afterwards. */
    void swap(Session fork) {
        KvCache its = fork.cache;
        fork.cache = cache;
        cache = its;
        int[] itsIds = fork.ids;
        fork.ids = ids;
        ids = itsIds;
        forgetPending();
        fork.forgetPending();
    }

    Model model() {
        return model;
    }

    double prefillSeconds() {
        return prefillSeconds;
    }

    /** The same without computing: says how many tokens steps are to take until the prompt is held. */
    int begin(int[] prompt) {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        TokenIds.check(prompt, model.spec().vocabulary(), limit);
        int common = Math.min(ahead.usable(commonPrefix(prompt), prompt.length), prompt.length - 1);
        hold(prompt, common);
        return pending();
    }

    private void hold(int[] prompt, int common) {
        logitsFollow = false;
        cache.truncate(common);
        ids = Arrays.copyOf(prompt, Math.max(prompt.length, ids.length));
        wanted = prompt.length;
    }

    private int commonPrefix(int[] prompt) {
        int mismatch = Arrays.mismatch(ids, 0, cache.length(), prompt, 0, prompt.length);
        return mismatch < 0 ? prompt.length : mismatch;
    }

    /** Tokens that are known and not yet computed. */
    int pending() {
        return wanted - cache.length();
    }

    /** Has the next step take one more token. */
    void append(int id) {
        if (wanted == ids.length) {
            ids = Arrays.copyOf(ids, Math.min(limit, 2 * ids.length));
        }
        ids[wanted++] = id;
        logitsFollow = false;
    }

    /**
     * One step for some sessions of a model: each takes its pending tokens, as many as a step has room for.
     *
     * @return whether it was computed; if not, it was cancelled, and all sessions are as they were
     */
    static boolean step(Model model, List<Session> sessions, CancelToken cancel) {
        int room = model.maxStepTokens() / sessions.size();
        Logits computed = model.step(new Batch(
                sessions.stream().map(it -> it.share(room, Rows.LAST, cancel)).toList()));
        boolean all = true;
        for (int i = 0; i < sessions.size(); i++) {
            all &= sessions.get(i).take(computed, i);
        }
        return all;
    }

    /**
     * One step for the next pending tokens, each of which wants logits.
     *
     * @throws CancellationException if cancelled
     */
    Logits stepWithAllLogits(CancelToken cancel) {
        Logits computed = model.step(new Batch(List.of(share(model.maxLogitRows(), Rows.ALL, cancel))));
        if (!computed.completed(0)) {
            throw new CancellationException("cancelled");
        }
        return computed;
    }

    /** Which tokens of a step want logits. */
    private enum Rows {
        ALL,
        /** The last pending one alone, and none before it is reached. */
        LAST
    }

    private Batch.Sequence share(int room, Rows rows, CancelToken cancel) {
        int from = cache.length();
        int count = rows == Rows.ALL ? Math.min(pending(), room) : ReadAhead.step(pending(), room);
        int logitRows = rows == Rows.ALL ? count : count == pending() ? 1 : 0;
        return new Batch.Sequence(cache, Arrays.copyOfRange(ids, from, from + count), logitRows, cancel);
    }

    private boolean take(Logits computed, int index) {
        if (computed.completed(index) && pending() == 0) {
            computed.copyRow(index, 0, logits);
            logitsFollow = true;
        }
        return computed.completed(index);
    }

    /** The logits behind the last token, one per token of the vocabulary; the session's own, until the next step. */
    float[] logits() {
        if (!logitsFollow) {
            throw new IllegalStateException("generate() needs a prefill() before it");
        }
        return logits;
    }

    int[] ids() {
        return ids;
    }

    /** Forgets tokens that were to follow. */
    void forgetPending() {
        wanted = cache.length();
        logitsFollow = false;
    }

    /**
     * Chooses tokens after the prefilled ones until something ends the reply. Cancelling ends it within half a layer; what was
     * said until then is kept.
     *
     * @throws IllegalStateException without a prefill before it
     */
    public Generation generate(GenerationRequest request, CancelToken cancel, TokenListener listener) {
        var _ = logits();
        Reply reply = new Reply(this, request, cancel, listener, prefillSeconds);
        try {
            while (reply.choose() && reply.computed(step(model, List.of(this), cancel))) {
                // the next token
            }
        } finally {
            forgetPending(); // also when a listener throws or a device fails
        }
        return reply.generation();
    }

    @Override
    public void close() {
        model.machine().inTurn(() -> {
            closed = true;
            wanted = 0;
            logitsFollow = false;
            cache.close();
            return closed;
        });
    }
}
