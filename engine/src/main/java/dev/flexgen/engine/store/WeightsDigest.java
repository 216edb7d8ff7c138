package dev.flexgen.engine.store;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A hash that tells a model's weights, description and tokenizer from others', for what was computed with them and is kept. Of a
 * file that a hub's store names by its hash, that name; of any other up to 64 MiB, all bytes; of a longer one its time of change
 * and samples from everywhere, since reading all of a large model would take longer than what is kept saves. A packed model has
 * checksums of everything in its manifest.
 */
public final class WeightsDigest {

    private static final long READ_WHOLE = 64L << 20;
    private static final int SAMPLES = 64;
    private static final int SAMPLE_BYTES = 64 << 10;

    private WeightsDigest() {}

    /**
     * Of the model in a folder.
     *
     * @throws EngineException of kind MODEL if it cannot be read
     */
    public static String of(Path folder) {
        MessageDigest digest = sha256();
        try {
            if (PackedModel.isIn(folder)) {
                read(digest, folder.resolve(Manifest.FILE), Long.MAX_VALUE);
            } else {
                for (SourceIdentity.File file : SourceIdentity.of(folder).files()) {
                    add(digest, folder.resolve(file.name()), file);
                }
            }
        } catch (IOException e) {
            throw EngineException.model(folder + " cannot be read (" + e + "); check its permissions", e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Of weights that a text describes. */
    public static String ofDescription(String description) {
        MessageDigest digest = sha256();
        text(digest, description);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void add(MessageDigest digest, Path path, SourceIdentity.File file) throws IOException {
        text(digest, file.name());
        text(digest, String.valueOf(file.bytes()));
        if (file.isNamedByHash()) {
            text(digest, file.stamp());
        } else if (file.bytes() <= READ_WHOLE) {
            read(digest, path, file.bytes());
        } else {
            text(digest, file.stamp());
            sample(digest, path, file.bytes());
        }
    }

    private static void text(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static void read(MessageDigest digest, Path path, long most) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer piece = ByteBuffer.allocate(1 << 20);
            for (long at = 0; at < most; at += piece.limit()) {
                piece.clear();
                if (channel.read(piece, at) < 0) {
                    return;
                }
                digest.update(piece.flip());
            }
        }
    }

    private static void sample(MessageDigest digest, Path path, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            for (int i = 0; i < SAMPLES; i++) {
                ByteBuffer piece = ByteBuffer.allocate(SAMPLE_BYTES);
                long at = (bytes - SAMPLE_BYTES) / (SAMPLES - 1) * i;
                while (piece.hasRemaining() && channel.read(piece, at + piece.position()) >= 0) {
                    // goes on
                }
                digest.update(piece.flip());
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
