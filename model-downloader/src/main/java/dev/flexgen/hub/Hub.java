package dev.flexgen.hub;

import dev.flexgen.config.Bytes;
import dev.flexgen.hub.HubException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Fetches models from the hub into the store that Hugging Face's own tools use. Whatever ends a pull, what it has fetched stays and
 * the next one goes on from there. Safe for any thread.
 */
public final class Hub implements AutoCloseable {

    private final HubSettings settings;
    private final HubCache store;
    private final Tuning tuning;
    private final HubHttp http;

    public Hub(HubSettings settings, HubCache store) {
        this(settings, store, Tuning.standard());
    }

    Hub(HubSettings settings, HubCache store, Tuning tuning) {
        this.settings = settings;
        this.store = store;
        this.tuning = tuning;
        this.http = new HubHttp(settings, tuning);
    }

    /** {@link #plan(HubRef, PullListener, PullCancel)} for somebody who neither watches nor stops it. */
    public PullPlan plan(HubRef ref) {
        return plan(ref, _ -> {}, new PullCancel());
    }

    /**
     * Asks the hub what a pull would fetch; no byte of a file yet.
     *
     * @param listener hears why it takes time, if it does
     * @throws java.util.concurrent.CancellationException if it was cancelled
     * @throws HubException if the hub has no such model, does not give it away, or cannot be asked
     */
    public PullPlan plan(HubRef ref, PullListener listener, PullCancel cancel) {
        if (settings.offline()) {
            throw new HubException(
                    Kind.OFFLINE,
                    ref + " cannot be fetched, because HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids any request:"
                            + " unset it.");
        }
        Stop stop = new Stop(cancel);
        // Somebody waits for the answer and can ask again, so not for long.
        Repeats repeats = new Repeats(tuning.withAttempts(Math.min(3, tuning.attempts())), stop, listener::on);
        HubApi api = new HubApi(settings, http, repeats, stop);
        String commit = api.commit(ref);
        List<RemoteFile> files = NeededFiles.of(api.files(ref, commit));
        if (files.stream().noneMatch(file -> WeightFiles.isPart(file.path()))
                || files.stream().noneMatch(file -> file.path().equals(NeededFiles.CONFIG))) {
            throw new HubException(
                    Kind.NOT_A_MODEL,
                    ref + " holds no model in a form that can be used here, with config.json and safetensors or"
                            + " pytorch_model.bin: choose another one.");
        }
        ModelFolder folder = new ModelFolder(store, ref, settings.symlinks());
        try {
            long total = 0;
            long present = 0;
            for (RemoteFile file : files) {
                total = Math.addExact(total, file.bytes());
                present += folder.presentBytes(file, commit);
            }
            return new PullPlan(
                    ref, commit, files, total, present, tuning.freeSpace().bytes(existing(store.root())));
        } catch (IOException e) {
            throw disk(e);
        }
    }

    /**
     * Fetches what is missing and returns the folder with the model's files.
     *
     * @param plan of {@link #plan}, recent
     * @throws java.util.concurrent.CancellationException if it was cancelled
     * @throws HubException if it fails; running it again goes on from there
     */
    public Path pull(PullPlan plan, PullListener listener, PullCancel cancel) {
        ModelFolder folder = new ModelFolder(store, plan.ref(), settings.symlinks());
        try {
            return new PullRun(settings, http, tuning, plan, folder, store.verified(), listener, new Stop(cancel))
                    .run();
        } catch (UncheckedIOException e) {
            throw disk(Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw disk(e);
        }
    }

    /** The folder itself, or the nearest one above it that exists. */
    private static Path existing(Path folder) {
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        return existing;
    }

    private HubException disk(IOException cause) {
        String reason = String.valueOf(cause.getMessage());
        if (reason.toLowerCase(Locale.ROOT).contains("no space left")
                || reason.toLowerCase(Locale.ROOT).contains("quota exceeded")) {
            return new HubException(
                    Kind.NO_SPACE,
                    "The disk of the model store " + store.root() + " is full" + free()
                            + ": make room and run it again, it goes on from here.",
                    cause);
        }
        String where = cause instanceof FileSystemException e && e.getFile() != null ? e.getFile() : store.root() + "";
        return new HubException(
                Kind.STORE,
                where + " in the model store cannot be read or written ("
                        + cause.getClass().getSimpleName()
                        + "): check its permissions, or put the store elsewhere with HF_HUB_CACHE.",
                cause);
    }

    private String free() {
        try {
            return ", " + Bytes.format(tuning.freeSpace().bytes(existing(store.root()))) + " are left";
        } catch (IOException unknown) {
            return "";
        }
    }

    /** Ends all connections; pulls that run end with an error. */
    @Override
    public void close() {
        http.close();
    }
}
