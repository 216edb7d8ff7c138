package dev.flexgen.hub;

import dev.flexgen.config.Bytes;
import dev.flexgen.hub.HubException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** One pull: waits for the lock, checks the space, fetches the files that are missing, publishes. */
final class PullRun {

    private static final Duration LOCK_POLL = Duration.ofMillis(100);
    private static final int POLLS_PER_EVENT = 50;

    private final HubSettings settings;
    private final HubHttp http;
    private final Tuning tuning;
    private final PullPlan plan;
    private final ModelFolder folder;
    private final VerifiedBlobs verified;
    private final PullListener listener;
    private final Stop stop;

    PullRun(
            HubSettings settings,
            HubHttp http,
            Tuning tuning,
            PullPlan plan,
            ModelFolder folder,
            VerifiedBlobs verified,
            PullListener listener,
            Stop stop) {
        this.settings = settings;
        this.http = http;
        this.tuning = tuning;
        this.plan = plan;
        this.folder = folder;
        this.verified = verified;
        this.listener = listener;
        this.stop = stop;
    }

    /** Returns the snapshot. */
    Path run() throws IOException {
        if (isHere()) {
            return done(
                    new PullProgress(listener, plan.totalBytes(), plan.totalBytes()), folder.snapshot(plan.commit()));
        }
        folder.create();
        try (PullLock _ = lock()) {
            folder.create(); // whoever had the lock before may have removed the model
            listener.on(new PullEvent.Planned(planned()));
            List<RemoteFile> missing = new ArrayList<>();
            long wholeBytes = 0;
            for (RemoteFile file : plan.files()) {
                if (holds(file)) {
                    wholeBytes += file.bytes();
                } else {
                    missing.add(file);
                }
            }
            PullPlan now = planned();
            if (now.missingBytes() > now.freeBytes()) {
                throw noSpace(now);
            }
            PullProgress progress = new PullProgress(listener, plan.totalBytes(), wholeBytes);
            fetch(missing, progress);
            return done(progress, folder.publish(plan));
        }
    }

    private Path done(PullProgress progress, Path snapshot) {
        progress.tell(new PullEvent.Done(snapshot, plan.totalBytes()));
        return snapshot;
    }

    /** Whether there is nothing to write, so that it does not matter who may write to the store. */
    private boolean isHere() throws IOException {
        if (!folder.isPublished(plan)) {
            return false;
        }
        for (RemoteFile file : plan.files()) {
            if (!folder.has(file, plan.commit())) {
                return false;
            }
        }
        listener.on(new PullEvent.Planned(planned()));
        for (RemoteFile file : plan.files()) {
            if (!isRight(file, folder.place(file, plan.commit()).orElseThrow())) {
                return false;
            }
        }
        return true;
    }

    private PullPlan planned() throws IOException {
        long present = 0;
        for (RemoteFile file : plan.files()) {
            present += folder.presentBytes(file, plan.commit());
        }
        long free = tuning.freeSpace().bytes(folder.root());
        return new PullPlan(plan.ref(), plan.commit(), plan.files(), plan.totalBytes(), present, free);
    }

    /** Whether a file is here and right; one that is wrong is thrown away. */
    private boolean holds(RemoteFile file) throws IOException {
        Optional<Path> place = folder.place(file, plan.commit());
        if (place.isEmpty() || isRight(file, place.get())) {
            return place.isPresent();
        }
        listener.on(new PullEvent.Corrupt(file.path()));
        Files.deleteIfExists(place.get());
        return false;
    }

    /** A file of the right size may be anybody's, so its first use here begins with its hash. */
    private boolean isRight(RemoteFile file, Path place) throws IOException {
        stop.check();
        if (!verified.knows(file, place)) {
            listener.on(new PullEvent.Verifying(file.path()));
            if (!VerifiedBlobs.holds(file, place, stop)) {
                return false;
            }
            verified.remember(file, place);
        }
        return true;
    }

    private HubException noSpace(PullPlan now) {
        return new HubException(
                Kind.NO_SPACE,
                plan.ref() + " needs another " + Bytes.format(now.missingBytes()) + ", but only "
                        + Bytes.format(now.freeBytes()) + " are free where the model store "
                        + folder.root() + " is: make room, or put the store elsewhere with HF_HUB_CACHE.");
    }

    private PullLock lock() throws IOException {
        for (int polls = 0; ; polls++) {
            stop.check();
            PullLock lock = PullLock.tryOpen(folder.lockFile());
            if (lock != null) {
                return lock;
            }
            if (polls % POLLS_PER_EVENT == 0) {
                listener.on(new PullEvent.Waiting(
                        "another program is fetching " + plan.ref(), LOCK_POLL.multipliedBy(POLLS_PER_EVENT)));
            }
            try {
                tuning.sleeper().sleep(LOCK_POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("the pull was interrupted");
            }
        }
    }

    private void fetch(List<RemoteFile> missing, PullProgress progress) {
        Map<String, RemoteFile> byContent = new LinkedHashMap<>();
        missing.forEach(file -> byContent.putIfAbsent(file.blobId(), file));
        Repeats repeats = new Repeats(tuning, stop, progress::tell);
        Pace pace =
                new Pace(tuning.streamsPerFile(), tuning.sample(), tuning.enoughBytesPerSecond(), progress::totalDone);
        Queue<RemoteFile> files = new ConcurrentLinkedQueue<>(byContent.values());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Math.min(tuning.filesAtOnce(), byContent.size()); i++) {
            // Platform threads, as all that wait for or watch over something in a pull: virtual ones share a few
            // carriers, and
            // on two processors two that wait in the wrong way have stopped all others for good.
            threads.add(Thread.ofPlatform().daemon().name("pull " + i).start(() -> {
                for (RemoteFile file = files.poll(); file != null && !stop.stopped(); file = files.poll()) {
                    FileSource source = new FileSource(settings, http, plan, file, stop);
                    fetch(new FileFetch(file, source, tuning, pace, progress, repeats, stop), file);
                }
            }));
        }
        join(threads);
        stop.check();
        for (RemoteFile file : missing) {
            progress.at(file, file.bytes()); // those whose content another file has brought
        }
    }

    private void fetch(FileFetch fetch, RemoteFile file) {
        try {
            fetch.run(folder.partial(file), folder.blob(file));
            verified.remember(file, folder.blob(file));
        } catch (IOException e) {
            stop.fail(new UncheckedIOException(e));
        } catch (RuntimeException e) {
            stop.fail(e);
        } catch (Error e) {
            stop.fail(new IllegalStateException(e));
        }
    }

    /** An interrupted caller wants out: the threads are told to end and waited for. */
    private void join(List<Thread> threads) {
        @Nullable InterruptedException interruption = null;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interruption = e;
                    stop.fail(new CancellationException("the pull was interrupted"));
                }
            }
        }
        if (interruption != null) {
            Thread.currentThread().interrupt();
        }
    }
}
