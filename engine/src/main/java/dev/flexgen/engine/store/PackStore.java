package dev.flexgen.engine.store;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.quant.Encoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of packed models: {@code KEY/ENCODING/}, and {@code KEY/ENCODING.partial/} while one is made. A folder gets its name when
 * all that is in it is on the disk. Any thread.
 *
 * @param root need not exist
 */
public record PackStore(Path root) {

    private static final String PARTIAL = ".partial";

    /** The folder of a finished model. */
    Path folder(String key, Encoding encoding) {
        return root.resolve(key).resolve(encoding.name());
    }

    Path partial(String key, Encoding encoding) {
        return root.resolve(key).resolve(encoding.name() + PARTIAL);
    }

    Path lockFile(String key, Encoding encoding) {
        return root.resolve(key).resolve(encoding.name() + ".lock");
    }

    /** The manifest of a whole packed model in a folder. */
    static Optional<Manifest> valid(Path folder) {
        return Manifest.read(folder.resolve(Manifest.FILE))
                .filter(Manifest::complete)
                .filter(manifest -> {
                    try {
                        return Files.size(folder.resolve(PackWriter.WEIGHTS)) >= manifest.weightBytes()
                                && manifest.hasFiles(folder);
                    } catch (IOException e) {
                        return false;
                    }
                });
    }

    /** A whole packed model. */
    public Optional<PackedForm> find(String key, Encoding encoding) {
        Path folder = folder(key, encoding);
        return valid(folder)
                .filter(manifest -> manifest.header().encoding().equals(encoding))
                .map(manifest -> new PackedForm(key, manifest.header(), folder, bytes(folder), true));
    }

    /** All that can be read, also unfinished ones. */
    public List<PackedForm> list() {
        List<PackedForm> forms = new ArrayList<>();
        for (Path model : folders(root)) {
            for (Path folder : folders(model)) {
                boolean partial = folder.getFileName().toString().endsWith(PARTIAL);
                Optional<Manifest> manifest = partial ? Manifest.read(folder.resolve(Manifest.FILE)) : valid(folder);
                manifest.ifPresent(it -> forms.add(
                        new PackedForm(model.getFileName().toString(), it.header(), folder, bytes(folder), !partial)));
            }
        }
        return forms;
    }

    /**
     * Deletes a packed model and returns the bytes that this freed.
     *
     * @throws EngineException of kind MODEL if it cannot be deleted, or somebody is making it
     */
    public long remove(PackedForm form) {
        Encoding encoding = form.header().encoding();
        try (PackLock lock = PackLock.tryOpen(lockFile(form.key(), encoding))) {
            if (lock == null) {
                throw EngineException.model("The packed model " + form.folder()
                        + " cannot be removed while another program is making it; end that one first");
            }
            long bytes = bytes(form.folder());
            delete(form.folder());
            return bytes;
        } catch (IOException e) {
            throw EngineException.model(
                    "The packed model " + form.folder() + " cannot be removed (" + e + "); check its permissions", e);
        }
    }

    /** Deletes a folder of files; the manifest first, so that nothing half deleted is taken for whole. */
    static void delete(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(Manifest.FILE));
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (UncheckedIOException e) {
            throw new IOException(e);
        }
    }

    private static long bytes(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            long sum = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sum += Files.size(file);
            }
            return sum;
        } catch (IOException | UncheckedIOException e) {
            return 0; // removed in the meantime
        }
    }

    private static List<Path> folders(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(Files::isDirectory).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // others must be readable all the same
        }
    }
}
