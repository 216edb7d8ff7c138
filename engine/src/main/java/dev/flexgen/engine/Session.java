package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.KvFileFault;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvFileReader;
import dev.flexgen.engine.cache.KvFileWriter;
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

    private static final int[] NO_DRAFT = {};

    private final Model model;
    private final int limit;
    private KvCache cache;
    private SessionFile files;

    /** The ids whose keys and values the cache holds, then those that are to follow. */
    private int[] ids;

    private int wanted;

    /** Of the pending tokens, the last ones that are drafted. */
    private int[] draft = NO_DRAFT;

    /** What a step has computed of a draft, as long as some of it is undecided. */
    private @Nullable Verification verification;

    /** Drafts for the reply that is being made. */
    private @Nullable Speculation speculation;

    private final float[] logits;
    private final ReadAhead ahead;
    private volatile int aheadEnd;
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
        this.files = new SessionFile(model, cache);
        this.ids = new int[Math.min(limit, 256)];
        this.logits = new float[model.spec().vocabulary()];
        this.ahead = new ReadAhead(model.machine().hasGpu(), model.maxStepTokens());
    }

    /** Tokens held. */
    public int length() {
        return verification == null ? cache.length() : cache.length() - verification.left();
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
        int[] itsIds = fork.ids;
        model.machine().inTurn(() -> {
            KvCache its = fork.cache;
            fork.cache = cache;
            cache = its;
            fork.ids = ids;
            ids = itsIds;
            SessionFile itsFiles = fork.files;
            fork.files = files;
            files = itsFiles;
            edition++;
            return its;
        });
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
        settle();
        int common = Math.min(ahead.usable(commonPrefix(prompt), prompt.length), prompt.length - 1);
        hold(prompt, common);
        return pending();
    }

    private void hold(int[] prompt, int common) {
        truncate(common);
        ids = Arrays.copyOf(prompt, Math.max(prompt.length, ids.length));
        wanted = prompt.length;
    }

    private void truncate(int length) {
        model.machine().inTurn(() -> {
            edition++;
            return cache.truncate(length);
        });
        forgetPending();
    }

    private int commonPrefix(int[] prompt) {
        int mismatch = Arrays.mismatch(ids, 0, cache.length(), prompt, 0, prompt.length);
        return mismatch < 0 ? prompt.length : mismatch;
    }

    /** Tokens that are known and not yet computed. */
    int pending() {
        return wanted - cache.length();
    }

    /** Has the next step take one more token, unless it is the next of a draft, which has been computed. */
    void append(int id) {
        if (verification != null && verification.accepts(id, logits)) {
            return;
        }
        if (verification != null && speculation != null) {
            speculation.verified(verification.length(), verification.right());
        }
        settle();
        follow(id);
    }

    /** Has the next step take tokens that may follow the appended one, and may not. */
    void append(int[] drafted) {
        draft = drafted;
        for (int id : drafted) {
            follow(id);
        }
    }

    /** Most tokens to draft, by the room that is left. */
    int draftRoom() {
        int rows = Math.min(model.maxStepTokens(), model.maxLogitRows());
        return Math.max(0, Math.min(limit - wanted, rows - 1));
    }

    /** Forgets what was drafted and not chosen. */
    private void settle() {
        if (verification == null) {
            return;
        }
        wanted = length();
        if (verification.left() > 0) {
            int length = wanted;
            model.machine().inTurn(() -> {
                edition++;
                return cache.truncate(length);
            });
        }
        verification = null;
    }

    private void follow(int id) {
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
        int rows = sessions.getFirst().pending();
        long start = System.nanoTime();
        Logits computed = model.step(new Batch(
                sessions.stream().map(it -> it.share(room, Rows.LAST, cancel)).toList()));
        Speculation drafts = sessions.getFirst().speculation;
        if (drafts != null && computed.completed(0)) {
            drafts.stepped(rows, (System.nanoTime() - start) / 1e9);
        }
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
        int logitRows = rows == Rows.ALL ? count : count == pending() ? 1 + draft.length : 0;
        return new Batch.Sequence(cache, Arrays.copyOfRange(ids, from, from + count), logitRows, cancel);
    }

    private boolean take(Logits computed, int index) {
        if (computed.completed(index) && pending() == 0) {
            if (draft.length > 0) {
                verification = new Verification(draft, computed, index);
                draft = NO_DRAFT;
            }
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
        if (verification != null && speculation != null) {
            speculation.cutShort(verification.right());
        }
        settle();
        draft = NO_DRAFT;
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
            speculation = null;
        }
        return reply.generation();
    }

    /** Has the chosen token computed, unless a draft has foreseen it. */
    private boolean advance(Reply reply, @Nullable Speculation drafts, CancelToken cancel) {
        draftMore(drafts, reply.left(), cancel);
        return pending() == 0 || step(model, List.of(this), cancel);
    }

    /**
     * Has the next step also take tokens that may follow the chosen one, unless an earlier draft has foreseen that.
     *
     * @param drafts null for none
     * @param left most tokens that may follow
     */
    void draftMore(@Nullable Speculation drafts, int left, CancelToken cancel) {
        speculation = drafts;
        int room = Math.min(draftRoom(), left - 1);
        if (drafts != null && pending() > 0 && room > 0) {
            append(drafts.draft(ids, wanted, room, cancel));
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
        String digest = model.digest();
        String computer = model.machine().deviceName();
        int[] state = new int[2]; // edition and length, known in the machine's turn
        return files.save(
                () -> {
                    state[0] = edition;
                    state[1] = cache.length();
                    return closed || state[1] == 0
                            ? Optional.empty()
                            : Optional.of(new KvFileWriter(
                                    file,
                                    cache,
                                    digest,
                                    Arrays.copyOf(ids, state[1]),
                                    model.pace().secondsPerToken(),
                                    computer));
                },
                () -> edition == state[0] && cache.length() == state[1],
                wanted);
    }

    /** Whether a file is read also where computing its tokens again is faster, as far as that is known. */
    public enum Reading {
        ALWAYS,
        WHERE_FASTER
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
    public KvLoad load(Path file, int[] prompt, Reading reading, CancelToken cancel, ProgressListener progress) {
        TokenIds.check(prompt, model.spec().vocabulary(), limit);
        KvFileReader.Opened opened = open(file);
        if (opened.reader().isEmpty()) {
            return opened.fault().map(KvLoad::not).orElse(KvLoad.NOTHING);
        }
        try (KvFileReader reader = opened.reader().get()) {
            int[] kept = reader.ids();
            int mismatch = Arrays.mismatch(kept, prompt);
            int common = Math.min(mismatch < 0 ? kept.length : mismatch, prompt.length - 1);
            int tokens = reader.usable(common);
            if (tokens <= commonPrefix(prompt)) {
                return KvLoad.NOTHING;
            }
            truncate(0);
            ids = Arrays.copyOf(prompt, Math.max(prompt.length, ids.length));
            double known = model.pace().secondsPerToken();
            double seconds =
                    known > 0 ? known : reader.secondsPerToken(model.machine().deviceName());
            try {
                return files.load(reader, tokens, reading == Reading.ALWAYS ? 0 : seconds, cancel, progress);
            } finally {
                forgetPending();
            }
        }
    }

    private KvFileReader.Opened open(Path file) {
        int most = Math.max(limit, model.spec().positions()); // of a session with another limit
        return KvFileReader.open(file, cache.layout(), model.digest(), most);
    }

    /**
     * What a file says it holds.
     *
     * @param ids of the tokens whose keys and values it has; none if it is of no use here, or there is none
     * @param fault why it is of no use
     */
    public record Saved(int[] ids, Optional<KvFileFault> fault) {}

    /**
     * What a file holds that {@link #load} could use.
     *
     * @throws EngineException of kind MODEL if the model's files are gone
     */
    public Saved saved(Path file) {
        KvFileReader.Opened opened = open(file);
        if (opened.reader().isEmpty()) {
            return new Saved(new int[0], opened.fault());
        }
        try (KvFileReader reader = opened.reader().get()) {
            return new Saved(reader.ids(), Optional.empty());
        }
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
