package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.KvFileFault;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvFileReader;
import dev.flexgen.engine.cache.KvFileWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

/**
 * Moves a session's keys and values to a file and back. The machine is taken for one record at a time, a few megabytes, so whoever
 * computes meanwhile hardly waits.
 */
final class SessionFile {

    /** Before it nobody can say how fast a disk is. */
    private static final long JUDGED_AFTER_NANOS = 20_000_000;

    private final Model model;
    private final KvCache cache;
    private final int mostTokens;

    /** @param limit of the session; files of one with another limit are read too */
    SessionFile(Model model, KvCache cache, int limit) {
        this.model = model;
        this.cache = cache;
        this.mostTokens = Math.max(limit, model.spec().positions());
    }

    /**
     * What a session holds at a time.
     *
     * @param edition another one if something was taken back
     * @param ids of the tokens
     */
    record State(int edition, int[] ids) {

        private boolean is(State other) {
            return edition == other.edition && ids.length == other.ids.length;
        }
    }

    /**
     * Writes a file, unless the session goes on meanwhile.
     *
     * @param state of the session; asked in the machine's turn
     */
    OptionalLong save(Path file, Supplier<State> state, LongPredicate wanted) {
        String digest = model.digest();
        State begun = model.machine().inTurn(state);
        if (begun.ids().length == 0) {
            return OptionalLong.empty();
        }
        Optional<KvFileWriter> made = model.machine().inTurn(() -> writer(file, digest, begun, state));
        if (made.isEmpty()) {
            return OptionalLong.empty();
        }
        try (KvFileWriter writer = made.get()) {
            if (!wanted.test(writer.bytes())) {
                return OptionalLong.empty();
            }
            while (writer.more()) {
                if (!model.machine().inTurn(() -> taken(writer, begun, state))) {
                    return OptionalLong.empty();
                }
                writer.put();
            }
            writer.publish();
            return OptionalLong.of(writer.bytes());
        }
    }

    private Optional<KvFileWriter> writer(Path file, String digest, State begun, Supplier<State> state) {
        return begun.is(state.get())
                ? Optional.of(new KvFileWriter(
                        file,
                        cache,
                        digest,
                        begun.ids(),
                        model.pace().secondsPerToken(),
                        model.machine().deviceName()))
                : Optional.empty();
    }

    private static boolean taken(KvFileWriter writer, State begun, Supplier<State> state) {
        boolean same = begun.is(state.get());
        if (same) {
            writer.take();
        }
        return same;
    }

    KvSaved saved(Path file) {
        KvFileReader.Opened opened = open(file);
        if (opened.reader().isEmpty()) {
            return new KvSaved(new int[0], opened.fault());
        }
        try (KvFileReader reader = opened.reader().get()) {
            return new KvSaved(reader.ids(), Optional.empty());
        }
    }

    private KvFileReader.Opened open(Path file) {
        return KvFileReader.open(file, cache.layout(), model.digest(), mostTokens);
    }

    /**
     * Fills the cache with the beginning of a prompt, as far as a file has it.
     *
     * @param held how much of the prompt the cache has already
     * @param empty empties it
     */
    KvLoad load(
            Path file,
            int[] prompt,
            int held,
            KvReading reading,
            Runnable empty,
            CancelToken cancel,
            ProgressListener progress) {
        KvFileReader.Opened opened = open(file);
        if (opened.reader().isEmpty()) {
            return opened.fault().map(KvLoad::not).orElse(KvLoad.NOTHING);
        }
        try (KvFileReader reader = opened.reader().get()) {
            int[] kept = reader.ids();
            int mismatch = Arrays.mismatch(kept, prompt);
            int common = Math.min(mismatch < 0 ? kept.length : mismatch, prompt.length - 1);
            int tokens = reader.usable(common);
            if (tokens <= held) {
                return KvLoad.NOTHING;
            }
            empty.run();
            return load(reader, tokens, reading == KvReading.ALWAYS ? 0 : secondsPerToken(reader), cancel, progress);
        }
    }

    /** What computing a token takes, by what was measured in this run, or else by what the file says of these devices. */
    private double secondsPerToken(KvFileReader reader) {
        double known = model.pace().secondsPerToken();
        return known > 0 ? known : reader.secondsPerToken(model.machine().deviceName());
    }

    private KvLoad load(
            KvFileReader reader, int tokens, double secondsPerToken, CancelToken cancel, ProgressListener progress) {
        long start = System.nanoTime();
        Optional<KvFileFault> fault = Optional.empty();
        boolean slower = false;
        while (fault.isEmpty() && !slower && !cancel.cancelled() && reader.more(tokens)) {
            int before = reader.reached(tokens);
            progress.onProgress(before, tokens);
            fault = block(reader, tokens, cancel);
            long nanos = System.nanoTime() - start;
            int read = reader.reached(tokens);
            slower = secondsPerToken > 0
                    && nanos > JUDGED_AFTER_NANOS
                    && read < tokens
                    && nanos / 1e9 > secondsPerToken * Math.max(1, read);
        }
        int held = model.machine().inTurn(() -> reader.finish(cache, tokens));
        if (cancel.cancelled()) {
            throw new CancellationException("cancelled");
        }
        progress.onProgress(held, tokens);
        return new KvLoad(held, slower, fault);
    }

    /** The records of one block. */
    private Optional<KvFileFault> block(KvFileReader reader, int tokens, CancelToken cancel) {
        int block = reader.reached(tokens);
        while (reader.more(tokens) && reader.reached(tokens) == block && !cancel.cancelled()) {
            Optional<KvFileFault> fault = reader.take();
            if (fault.isPresent()) {
                return fault;
            }
            model.machine().inTurn(() -> {
                reader.put(cache);
                return true;
            });
        }
        return Optional.empty();
    }
}
