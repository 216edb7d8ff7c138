package dev.flexgen.engine.store;

import dev.flexgen.config.DiskSpace;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One packed model in the making: its lock, its unfinished folder, and how that becomes a finished one. Owned by one thread. */
final class PackSession implements AutoCloseable {

    private static final long POLL_NANOS = 200_000_000;
    /** Descriptions of models and tokenizers are smaller; a larger file is something else. */
    static final long MOST_FILE_BYTES = 128 << 20;

    private final PackStore store;
    private final String key;
    private final PackHeader header;
    private final PackLock lock;
    private final Path partial;
    private final @Nullable PackedForm found;
    private @Nullable PackWriter writer;

    private PackSession(PackStore store, String key, PackHeader header, PackLock lock) throws IOException {
        this.store = store;
        this.key = key;
        this.header = header;
        this.lock = lock;
        this.partial = store.partial(key, header.encoding());
        this.found = store.find(key, header.encoding())
                .filter(form -> form.header().source().equals(header.source()))
                .orElse(null);
        if (found == null) {
            Files.createDirectories(partial);
            this.writer = new PackWriter(partial, header);
            if (writer.isNew()) {
                parts().clear(); // of another model
            }
        }
    }

    /** Waits until nobody else makes the same one. */
    static PackSession begin(PackStore store, String key, PackHeader header, PackListener listener, CancelToken cancel)
            throws IOException {
        Path file = store.lockFile(key, header.encoding());
        Files.createDirectories(store.root().resolve(key));
        PackLock lock = PackLock.tryOpen(file);
        if (lock == null) {
            listener.waiting();
        }
        while (lock == null) {
            cancel.check();
            LockSupport.parkNanos(POLL_NANOS);
            lock = PackLock.tryOpen(file);
        }
        try {
            return new PackSession(store, key, header, lock);
        } catch (Throwable e) {
            lock.close();
            throw e;
        }
    }

    /** Whether the packed model is there already. */
    boolean isDone() {
        return found != null;
    }

    PackedForm form() {
        return store.find(key, header.encoding())
                .orElseThrow(() -> EngineException.model("The packed model " + store.folder(key, header.encoding())
                        + " is gone; somebody has removed it, pack again"));
    }

    PackWriter writer() {
        if (writer == null) {
            throw new IllegalStateException("there is nothing to write");
        }
        return writer;
    }

    /** Experts that wait for others of their layer. */
    ExpertParts parts() {
        return new ExpertParts(partial);
    }

    /** Names of files of weights that are packed whole. */
    Set<String> packedFiles() {
        return writer().packedFiles();
    }

    /** All of a file of weights is on the disk. */
    void packed(String file) throws IOException {
        writer().packed(file);
    }

    /** @param total bytes of the weights */
    void requireSpace(long total) throws IOException {
        long needed = total - writer().bytes();
        long free = DiskSpace.free(partial);
        if (needed > free) {
            throw PackErrors.space(store.root(), header.model(), needed, free);
        }
    }

    /** What makes the folder a model's: its description, its tokenizer, its licence. */
    void copyFiles(Path source) throws IOException {
        try (Stream<Path> list = Files.list(source)) {
            for (Path file : list.sorted().toList()) {
                String name = file.getFileName().toString();
                if (isDescription(name) && Files.isRegularFile(file) && Files.size(file) <= MOST_FILE_BYTES) {
                    writer().file(partial, name, Files.readAllBytes(file));
                }
            }
        }
        if (!Files.exists(partial.resolve("config.json"))) {
            throw EngineException.model(
                    source + " has no config.json, which a packed model needs; add the model's own");
        }
    }

    static boolean isDescription(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return !lower.endsWith(".index.json")
                && !lower.equals(Manifest.FILE)
                && !lower.startsWith(".")
                && (lower.endsWith(".json")
                        || lower.endsWith(".txt")
                        || lower.endsWith(".model")
                        || lower.endsWith(".jinja")
                        || lower.startsWith("license"));
    }

    /** The unfinished folder becomes the packed model, in place of any older one. */
    PackedForm publish(boolean mayBeTied) throws IOException {
        writer().finish(mayBeTied);
        writer().close();
        parts().clear();
        force(partial);
        Path folder = store.folder(key, header.encoding());
        if (Files.exists(folder)) {
            PackStore.delete(folder);
        }
        Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
        force(store.root().resolve(key));
        return form();
    }

    /** What was written may be of two different sources. */
    void discard() throws IOException {
        writer().close();
        PackStore.delete(partial);
    }

    private static void force(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Not every file system lets a folder be opened; those that do not take care of it by themselves.
        }
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.close();
        }
        lock.close();
    }
}
