package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of tokens that grows: their keys and values are kept, so that only what is new is computed. For one thread at a
 * time; {@link CancelToken}s may come from any.
 */
public final class Session implements AutoCloseable {

    /** Fewer tokens of a beginning are not worth {@link #readAhead}, which leaves them to the prompt. */
    public static final int LEAST_AHEAD = ReadAhead.ALIKE;

    private final Model model;
    private final int limit;
    private final SessionFile files;
    private KvCache cache;

    /** The ids whose keys and values the cache holds, then those that are to follow. */
    private int[] ids;

    private int wanted;
    private final Drafted drafted = new Drafted();
    private final float[] logits;
    private final ReadAhead ahead;
    private boolean logitsFollow;
    private boolean closed;

    /** Counts what takes tokens back, in the machine's turn: a file is of one state only. */
    private int edition;

    private double prefillSeconds;

    /** Takes over the cache. */
    Session(Model model, KvCache cache, int limit) {
        this.model = model;
        this.cache = cache;
        this.limit = limit;
        this.files = new SessionFile(this);
        this.ids = new int[Math.min(limit, 256)];
        this.logits = new float[model.spec().vocabulary()];
        this.ahead = new ReadAhead(model.hasGpu(), model.maxStepTokens());
    }

    /** Tokens held. */
    public int length() {
        return cache.length() - drafted.undecided();
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
            if (!SessionStep.run(model, List.of(this), cancel)) {
                throw new CancellationException("cancelled");
            }
        }
        progress.onProgress(total, total);
        prefillSeconds = (System.nanoTime() - start) / 1e9;
        model.pace().learn(total, prefillSeconds);
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
            return ahead.read(this, goOn, cancel);
        } finally {
            forgetPending();
        }
    }

    /** How many tokens of {@code prompt} {@link #prefill} would not compute now. */
    public int known(int[] prompt) {
        return Math.min(ahead.shared(commonPrefix(prompt), prompt.length), prompt.length - 1);
    }

    /** Tokens that will be held when the step ahead that runs has ended. Any thread. */
    public int aheadEnd() {
        return ahead.end();
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
        model.machine().inTurn(() -> {
            edition++;
            KvCache its = fork.cache;
            fork.cache = cache;
            cache = its;
            return its;
        });
        int[] itsIds = fork.ids;
        fork.ids = ids;
        ids = itsIds;
        forgetPending();
        fork.forgetPending();
    }

    Model model() {
        return model;
    }

    KvCache cache() {
        return cache;
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
        settle();
        int common = Math.min(ahead.usable(commonPrefix(prompt), prompt.length), prompt.length - 1);
        hold(prompt, common);
        return pending();
    }

    private void hold(int[] prompt, int common) {
        forget(common);
        forgetPending();
        ids = Arrays.copyOf(prompt, Math.max(prompt.length, ids.length));
        wanted = prompt.length;
    }

    private void forget(int length) {
        model.machine().inTurn(() -> {
            edition++;
            return cache.truncate(length);
        });
    }

    int commonPrefix(int[] prompt) {
        int mismatch = Arrays.mismatch(ids, 0, cache.length(), prompt, 0, prompt.length);
        return mismatch < 0 ? prompt.length : mismatch;
    }

    /** Tokens that are known and not yet computed. */
    int pending() {
        return wanted - cache.length();
    }

    /** Has the next step take one more token, unless it is the next of a draft, which has been computed. */
    void append(int id) {
        if (!drafted.accepts(id, logits)) {
            drafted.decide();
            settle();
            follow(id);
        }
    }

    /** Forgets what was drafted and not chosen. */
    private void settle() {
        if (drafted.isComputed()) {
            wanted = length();
            if (drafted.undecided() > 0) {
                forget(wanted);
            }
            drafted.clear();
        }
    }

    private void follow(int id) {
        if (wanted == ids.length) {
            ids = Arrays.copyOf(ids, Math.min(limit, 2 * ids.length));
        }
        ids[wanted++] = id;
        logitsFollow = false;
    }

    /** The next pending tokens as a share of a step. */
    Batch.Sequence share(int count, int logitRows, CancelToken cancel) {
        int from = cache.length();
        return new Batch.Sequence(cache, Arrays.copyOfRange(ids, from, from + count), logitRows, cancel);
    }

    Drafted drafted() {
        return drafted;
    }

    /** Learns what a step has computed for it; whether it has. */
    boolean take(Logits computed, int index) {
        if (computed.completed(index) && pending() == 0) {
            drafted.computed(computed, index);
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
        drafted.cutShort();
        settle();
        drafted.clear();
        wanted = cache.length();
        logitsFollow = false;
    }

    /**
     * Chooses tokens after the prefilled ones until something ends the reply. Cancelling ends it within half a layer; what was
     * said until then is kept.
     * @throws IllegalStateException without a prefill before it
     */
    public Generation generate(GenerationRequest request, CancelToken cancel, TokenListener listener) {
        return generate(request, cancel, listener, null);
    }

    /**
     * The same with drafts, which change nothing but the speed.
     *
     * @param drafts null for none; stays the caller's
     */
    public Generation generate(
            GenerationRequest request, CancelToken cancel, TokenListener listener, @Nullable Speculation drafts) {
        var _ = logits();
        Reply reply = new Reply(this, request, cancel, listener, prefillSeconds);
        try {
            while (reply.choose() && reply.computed(advance(reply, drafts, cancel))) {
                // the next token
            }
        } finally {
            forgetPending(); // also when a listener throws or a device fails
            drafted.by(null);
        }
        return reply.generation();
    }

    /** Has the chosen token computed, unless a draft has foreseen it. */
    private boolean advance(Reply reply, @Nullable Speculation drafts, CancelToken cancel) {
        draftMore(drafts, reply.left(), cancel);
        return pending() == 0 || SessionStep.run(model, List.of(this), cancel);
    }

    /**
     * Has the next step also take tokens that may follow the chosen one, unless an earlier draft has foreseen that.
     *
     * @param drafts null for none
     * @param left most tokens that may follow
     */
    void draftMore(@Nullable Speculation drafts, int left, CancelToken cancel) {
        drafted.by(drafts);
        int most = Math.min(model.maxStepTokens(), model.maxLogitRows()) - 1;
        int room = Math.min(Math.min(limit - wanted, most), left - 1);
        if (drafts != null && pending() > 0 && room > 0) {
            for (int id : drafted.take(drafts.draft(ids, wanted, room, cancel))) {
                follow(id);
            }
        }
    }

    /**
     * Writes the keys and values of what it holds to a file, which replaces the one of that name when it is whole. May run beside
     * everything else, on any thread: a session that goes on does not wait for it, and then nothing is written.
     *
     * @param wanted asked with the file's bytes before anything is written
     * @return bytes written; empty if nothing is held or wanted, or the session has gone on meanwhile
     * @throws EngineException of kind PLACEMENT if the disk is full or refuses it; of kind MODEL if the model's files are gone
     */
    public OptionalLong save(Path file, LongPredicate wanted) {
        return files.save(file, wanted);
    }

    /** The state that a file would have, in the machine's turn; empty if there is nothing to write. */
    Optional<SessionFile.State> state() {
        int held = closed ? 0 : cache.length();
        return held == 0
                ? Optional.empty()
                : Optional.of(new SessionFile.State(edition, cache, Arrays.copyOf(ids, held)));
    }

    /** Whether it still has that state, in the machine's turn. */
    boolean is(SessionFile.State state) {
        return edition == state.edition() && cache.length() == state.ids().length;
    }

    /**
     * Takes the keys and values of the beginning of {@code prompt} from a file that {@link #save} has written for the same weights
     * and encodings, on whatever devices. Does nothing if the session holds as much of the prompt already. What the file does not
     * have, or not undamaged, {@link #prefill} computes. Nothing is wrong with a file that does not exist.
     *
     * @param prompt at least one id, which is left to compute
     * @throws EngineException of kind MODEL if the model's files are gone
     * @throws CancellationException if cancelled; what was read until then is kept
     */
    public KvLoad load(Path file, int[] prompt, KvReading reading, CancelToken cancel, ProgressListener progress) {
        TokenIds.check(prompt, model.spec().vocabulary(), limit);
        return files.load(file, prompt, reading, cancel, progress);
    }

    /** Forgets everything, for a cache that is filled from a file with the beginning of a prompt; {@link #forgetPending} follows. */
    KvCache clear(int[] prompt) {
        forget(0);
        forgetPending();
        ids = Arrays.copyOf(prompt, Math.max(prompt.length, ids.length));
        return cache;
    }

    /**
     * What a file holds that {@link #load} could use.
     *
     * @throws EngineException of kind MODEL if the model's files are gone
     */
    public KvSaved saved(Path file) {
        return files.saved(file);
    }

    @Override
    public void close() {
        model.machine().inTurn(() -> {
            edition++;
            closed = true;
            wanted = 0;
            logitsFollow = false;
            cache.close();
            return closed;
        });
    }
}
