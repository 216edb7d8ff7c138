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

/**
 * Moves a session's keys and values to a file and back. The machine is taken for one record at a time, a few megabytes, so whoever
 * computes meanwhile hardly waits.
 */
final class SessionFile {

    /** Before it nobody can say how fast a disk is. */
    private static final long JUDGED_AFTER_NANOS = 20_000_000;

    private final Session session;

    /** What a session holds at a moment. */
    record State(int edition, KvCache cache, int[] ids) {}

    SessionFile(Session session) {
        this.session = session;
    }

    /** As {@link Session#save}. */
    OptionalLong save(Path file, LongPredicate wanted) {
        Model model = session.model();
        String digest = model.digest();
        String computer = model.machine().deviceName();
        Optional<State> begun = model.machine().inTurn(session::state);
        if (begun.isEmpty()) {
            return OptionalLong.empty();
        }
        State state = begun.get();
        try (KvFileWriter writer = model.machine()
                .inTurn(() -> new KvFileWriter(
                        file, state.cache(), digest, state.ids(), model.pace().secondsPerToken(), computer))) {
            return wanted.test(writer.bytes()) ? write(writer, state) : OptionalLong.empty();
        }
    }

    private OptionalLong write(KvFileWriter writer, State state) {
        while (writer.more()) {
            boolean taken = session.model().machine().inTurn(() -> {
                if (session.is(state)) {
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

    /** As {@link Session#saved}. */
    Session.Saved saved(Path file) {
        KvFileReader.Opened opened = open(file);
        if (opened.reader().isEmpty()) {
            return new Session.Saved(new int[0], opened.fault());
        }
        try (KvFileReader reader = opened.reader().get()) {
            return new Session.Saved(reader.ids(), Optional.empty());
        }
    }

    private KvFileReader.Opened open(Path file) {
        Model model = session.model();
        int most = Math.max(session.limit(), model.spec().positions()); // of a session with another limit
        return KvFileReader.open(file, session.cache().layout(), model.digest(), most);
    }

    /** As {@link Session#load}. */
    KvLoad load(Path file, int[] prompt, Session.Reading reading, CancelToken cancel, ProgressListener progress) {
        KvFileReader.Opened opened = open(file);
        if (opened.reader().isEmpty()) {
            return opened.fault().map(KvLoad::not).orElse(KvLoad.NOTHING);
        }
        Model model = session.model();
        try (KvFileReader reader = opened.reader().get()) {
            int[] kept = reader.ids();
            int mismatch = Arrays.mismatch(kept, prompt);
            int common = Math.min(mismatch < 0 ? kept.length : mismatch, prompt.length - 1);
            int tokens = reader.usable(common);
            if (tokens <= session.commonPrefix(prompt)) {
                return KvLoad.NOTHING;
            }
            KvCache cache = session.clear(prompt);
            double known = model.pace().secondsPerToken();
            double seconds =
                    known > 0 ? known : reader.secondsPerToken(model.machine().deviceName());
            try {
                return load(cache, reader, tokens, reading == Session.Reading.ALWAYS ? 0 : seconds, cancel, progress);
            } finally {
                session.forgetPending();
            }
        }
    }

    /**
     * Fills the cache, which is empty, with the first tokens that a file holds.
     *
     * @param tokens how many; the reader says how many are usable
     * @param secondsPerToken what computing one takes; 0 to read whatever that is
     * @param cancel ends it early, with what was read until then
     */
    private KvLoad load(
            KvCache cache,
            KvFileReader reader,
            int tokens,
            double secondsPerToken,
            CancelToken cancel,
            ProgressListener progress) {
        long start = System.nanoTime();
        Optional<KvFileFault> fault = Optional.empty();
        boolean slower = false;
        while (fault.isEmpty() && !slower && !cancel.cancelled() && reader.more(tokens)) {
            int before = reader.reached(tokens);
            progress.onProgress(before, tokens);
            fault = block(cache, reader, tokens, cancel);
            long nanos = System.nanoTime() - start;
            int read = reader.reached(tokens);
            slower = secondsPerToken > 0
                    && nanos > JUDGED_AFTER_NANOS
                    && read < tokens
                    && nanos / 1e9 > secondsPerToken * Math.max(1, read);
        }
        int held = session.model().machine().inTurn(() -> reader.finish(cache, tokens));
        if (cancel.cancelled()) {
            throw new CancellationException("cancelled");
        }
        progress.onProgress(held, tokens);
        return new KvLoad(held, slower, fault);
    }

    /** The records of one block. */
    private Optional<KvFileFault> block(KvCache cache, KvFileReader reader, int tokens, CancelToken cancel) {
        int block = reader.reached(tokens);
        while (reader.more(tokens) && reader.reached(tokens) == block && !cancel.cancelled()) {
            Optional<KvFileFault> fault = reader.take();
            if (fault.isPresent()) {
                return fault;
            }
            session.model().machine().inTurn(() -> {
                reader.put(cache);
                return true;
            });
        }
        return Optional.empty();
    }
}
