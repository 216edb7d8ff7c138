package dev.flexgen.hub;

import dev.flexgen.hub.FileSource.Outcome;
import dev.flexgen.hub.HubException.Kind;
import dev.flexgen.hub.PartialFile.Delivery;
import dev.flexgen.hub.PartialFile.Piece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Fetches one file: several streams take pieces of it, one thread records what is finished, one hashes. What does not hash to its
 * name is thrown away and fetched once more.
 */
final class FileFetch {

    private final RemoteFile remote;
    private final FileSource source;
    private final Tuning tuning;
    private final Pace pace;
    private final PullProgress progress;
    private final Repeats repeats;
    private final Stop stop;

    /** Something other than bytes that a stream ran into; all streams end then. */
    private final AtomicReference<Outcome> obstacle = new AtomicReference<>(Outcome.WRITTEN);

    FileFetch(
            RemoteFile remote,
            FileSource source,
            Tuning tuning,
            Pace pace,
            PullProgress progress,
            Repeats repeats,
            Stop stop) {
        this.remote = remote;
        this.source = source;
        this.tuning = tuning;
        this.pace = pace;
        this.progress = progress;
        this.repeats = repeats;
        this.stop = stop;
    }

    /** Returns with the file in its place. */
    void run(Path partial, Path blob) throws IOException {
        try (PartialFile file = PartialFile.open(remote, partial, tuning)) {
            progress.tell(new PullEvent.FileStarted(remote.path(), remote.bytes(), file.writtenBytes()));
            progress.at(remote, file.writtenBytes());
            if (!fetched(file)) {
                progress.tell(new PullEvent.Corrupt(remote.path()));
                restart(file, Delivery.PIECES);
                if (!fetched(file)) {
                    file.restart(Delivery.PIECES);
                    throw new HubException(
                            Kind.CORRUPT,
                            remote.path()
                                    + " is not what the hub says it is, twice: its content does not match its hash"
                                    + " and was thrown away; try again later, or tell the model's owner.");
                }
            }
            file.publish(blob);
            progress.tell(new PullEvent.FileDone(remote.path()));
        }
    }

    private void restart(PartialFile file, Delivery delivery) throws IOException {
        file.restart(delivery);
        progress.at(remote, 0);
    }

    /** Whether the file is here and right. */
    private boolean fetched(PartialFile file) throws IOException {
        String hash = download(file);
        for (int tries = 0; obstacle.get() == Outcome.WHOLE_ONLY && tries < tuning.attempts(); tries++) {
            restart(file, Delivery.ONE_STREAM); // again where such a stream broke: it has no middle to go on from
            hash = download(file);
        }
        stop.check();
        if (obstacle.get() != Outcome.WRITTEN) {
            return false;
        }
        progress.tell(new PullEvent.Verifying(remote.path()));
        return hash.equals(remote.blobId());
    }

    /** Runs all threads until the file is complete or there is an obstacle; returns the hash. */
    private String download(PartialFile file) throws IOException {
        obstacle.set(Outcome.WRITTEN);
        AtomicReference<String> hash = new AtomicReference<>("");
        List<Thread> streams = new ArrayList<>();
        Thread recorder = start("record", () -> record(file));
        Thread hasher = start("hash", () -> hash.set(new HashFollower(remote, file).follow(() -> ended(file))));
        startStreams(file, streams);
        streams.forEach(FileFetch::join);
        join(recorder);
        join(hasher);
        if (stop.stopped()) {
            if (obstacle.get() == Outcome.WRITTEN) {
                file.record(); // what has come since the last time, for next time
            }
            stop.check();
        }
        return hash.get();
    }

    /** As many as the pace allows, from time to time more. */
    private void startStreams(PartialFile file, List<Thread> streams) {
        try {
            while (!ended(file) && streams.size() < tuning.streamsPerFile()) {
                if (streams.size() < pace.streamsPerFile()) {
                    streams.add(start("stream", () -> stream(file)));
                } else {
                    file.awaitChange();
                }
            }
        } catch (InterruptedException e) {
            stop.fail(new CancellationException("interrupted"));
        }
    }

    private boolean ended(PartialFile file) {
        return stop.stopped() || obstacle.get() != Outcome.WRITTEN || file.complete();
    }

    private void stream(PartialFile file) throws IOException, InterruptedException {
        while (!ended(file)) {
            Optional<Piece> piece = file.take();
            if (piece.isEmpty()) {
                file.awaitChange();
                continue;
            }
            try {
                fetch(piece.get(), file);
            } finally {
                file.release(piece.get());
            }
        }
    }

    private void fetch(Piece piece, PartialFile file) {
        Runnable arrived = () -> progress.at(remote, file.writtenBytes());
        while (!piece.complete() && obstacle.get() == Outcome.WRITTEN) {
            long before = piece.at();
            Outcome outcome = repeats.call(remote.path(), piece::at, () -> source.fetch(piece, arrived));
            if (outcome != Outcome.WRITTEN) {
                obstacle.compareAndSet(Outcome.WRITTEN, outcome);
            } else if (piece.at() == before) {
                obstacle.compareAndSet(Outcome.WRITTEN, Outcome.OTHER_CONTENT); // an empty answer: it is shorter now
            }
        }
    }

    private void record(PartialFile file) throws IOException, InterruptedException {
        while (!ended(file)) {
            if (file.recordIsDue()) {
                file.record();
            } else {
                file.awaitChange();
            }
        }
    }

    /** Work that may fail. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private Thread start(String name, Work work) {
        return Thread.ofPlatform().daemon().name(name + " " + remote.path()).start(() -> {
            try {
                work.run();
            } catch (InterruptedException e) {
                stop.fail(new CancellationException("interrupted"));
            } catch (IOException e) {
                stop.fail(new UncheckedIOException(e));
            } catch (RuntimeException e) {
                stop.fail(e);
            } catch (Error e) {
                stop.fail(new IllegalStateException(e)); // the others must not wait for this thread
            }
        });
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the threads end by themselves; leaving them behind would be worse
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
