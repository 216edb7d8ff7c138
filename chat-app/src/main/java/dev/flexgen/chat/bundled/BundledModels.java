package dev.flexgen.chat.bundled;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.Leftovers;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Unpacks bundled models into the cache on first use. A folder's name contains a checksum of what belongs into it, so that
 * another version of the program finds its own; it appears in one piece or not at all, whoever else unpacks meanwhile.
 */
public final class BundledModels {

    private static final String FILE_LIST = "SHA256SUMS";

    private final Path cache;

    /** @param cache where the program keeps what it can make again */
    public BundledModels(Path cache) {
        this.cache = cache;
    }

    /**
     * The model's folder.
     *
     * @throws CommandException if it cannot be written
     */
    public Path folder(BundledModel model) {
        try {
            byte[] list = bytes(model, FILE_LIST);
            String version = hex(sha256().digest(list)).substring(0, 16);
            Path folder = cache.resolve("models").resolve(model.modelName() + "-" + version);
            if (!Files.isDirectory(folder)) {
                unpack(model, files(list), folder);
            }
            return folder;
        } catch (IOException e) {
            throw CommandException.failure("cannot unpack the " + model.modelName() + " model below " + cache + " ("
                    + e.getMessage() + "); make room there, or set XDG_CACHE_HOME to a folder that can be written");
        }
    }

    static List<BundledFile> files(byte[] list) {
        return new String(list, StandardCharsets.UTF_8)
                .lines()
                .map(BundledFile::parse)
                .toList();
    }

    private static void unpack(BundledModel model, List<BundledFile> files, Path folder) throws IOException {
        Path parent = Files.createDirectories(folder.resolveSibling("."));
        Leftovers.delete(parent, "*" + Leftovers.SUFFIX);
        Path partial = Files.createDirectory(
                parent.resolve(folder.getFileName() + "." + UUID.randomUUID() + Leftovers.SUFFIX));
        try {
            for (BundledFile file : files) {
                unpack(model, file, partial.resolve(file.name()));
            }
            Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            delete(partial);
            boolean someoneElseWasFaster = e instanceof FileAlreadyExistsException || Files.isDirectory(folder);
            if (!someoneElseWasFaster) {
                throw e;
            }
        }
    }

    private static void unpack(BundledModel model, BundledFile file, Path target) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(open(model, file.name()), digest)) {
            Files.copy(in, target);
        }
        if (!hex(digest.digest()).equals(file.sha256())) {
            throw new IOException(file.name() + " is damaged in the program's own jar");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    static byte[] bytes(BundledModel model, String name) throws IOException {
        try (InputStream in = open(model, name)) {
            return in.readAllBytes();
        }
    }

    static InputStream open(BundledModel model, String name) throws IOException {
        InputStream in = BundledModels.class.getResourceAsStream(model.modelName() + "/" + name);
        if (in == null) {
            throw new FileNotFoundException(model.modelName() + "/" + name + " is not in the program's jar");
        }
        return in;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
