package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.PrivateFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Compiled kernels on disk, by a hash of all that decides what the compiler makes. An entry that is damaged counts as absent;
 * one that cannot be written is compiled again next time, and so is all where others could have put their own code. Any thread,
 * any number of processes.
 */
final class CubinCache {

    private static final int HASH_BYTES = 32;

    private final Optional<Path> folder;

    CubinCache(Path folder) {
        this.folder = usable(folder);
    }

    private static Optional<Path> usable(Path folder) {
        try {
            PrivateFolder.make(folder);
            return Optional.of(folder);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The name of an entry. */
    static String key(String source, String settings) {
        MessageDigest digest = sha256();
        for (String part : new String[] {settings, source}) {
            digest.update(part.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    Optional<byte[]> find(String key) {
        return folder.flatMap(it -> read(file(it, key)));
    }

    private static Optional<byte[]> read(Path file) {
        try {
            byte[] entry = Files.readAllBytes(file);
            byte[] cubin = Arrays.copyOfRange(entry, Math.min(HASH_BYTES, entry.length), entry.length);
            byte[] hash = Arrays.copyOf(entry, HASH_BYTES);
            return cubin.length > 0 && Arrays.equals(hash, sha256().digest(cubin))
                    ? Optional.of(cubin)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    void put(String key, byte[] cubin) {
        folder.ifPresent(it -> write(it, key, cubin));
    }

    private static void write(Path folder, String key, byte[] cubin) {
        try {
            Path temporary = Files.createTempFile(folder, key, ".new");
            try {
                byte[] entry = Arrays.copyOf(sha256().digest(cubin), HASH_BYTES + cubin.length);
                System.arraycopy(cubin, 0, entry, HASH_BYTES, cubin.length);
                Files.write(temporary, entry);
                Files.move(
                        temporary,
                        file(folder, key),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // A cache that cannot be written costs time, nothing else.
        }
    }

    private static Path file(Path folder, String key) {
        return folder.resolve(key + ".cubin");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
