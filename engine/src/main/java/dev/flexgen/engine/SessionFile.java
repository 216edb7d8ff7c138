package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.KvFileFault;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvFileReader;
import dev.flexgen.engine.cache.KvFileWriter;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
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

    SessionFile(Model model, KvCache cache) {
        this.model = model;
        this.cache = cache;
    }

    /**
     * Writes the file.
     *
     * @param begin makes a writer of the state to be written, if there is anything; in the machine's turn
     * @param same whether the session still has that state; in the machine's turn
     * @param wanted asked with the file's bytes before anything is written
     */
    OptionalLong save(Supplier<Optional<KvFileWriter>> begin, BooleanSupplier same, LongPredicate wanted) {
        Optional<KvFileWriter> begun = model.machine().inTurn(begin);
        if (begun.isEmpty()) {
            return OptionalLong.empty();
        }
        try (KvFileWriter writer = begun.get()) {
            if (!wanted.test(writer.bytes())) {
                return OptionalLong.empty();
            }
            while (writer.more()) {
                boolean taken = model.machine().inTurn(() -> {
                    if (same.getAsBoolean()) {
                        writer.take();
                        return true;
                    }
                    return false;
                });
                if (!taken) {
                    return OptionalLong.empty();
                }
                writer.put();
            }
            writer.publish();
            return OptionalLong.of(writer.bytes());
        }
    }

    /**
     * Fills the cache, which the caller has emptied, with the first tokens that a file holds.
     *
     * @param tokens how many; the reader says how many are usable
     * @param secondsPerToken what computing one takes; 0 to read whatever that is
     * @param cancel ends it early, with what was read until then
     */
    KvLoad load(
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
