package dev.flexgen.engine.memory;

import dev.flexgen.config.DiskSpace;
import dev.flexgen.config.FileFailure;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The disk tier: a file without a name that lives as long as the engine and goes with the process, however that ends. Reads
 * and writes bypass the system's page cache where the file system allows it, so that weights do not push everything else out
 * of memory. Written by one thread; read by several at a time.
 */
public final class ScratchFile implements BlockFile {

    /** What direct reads and writes want of offsets, lengths and addresses. */
    public static final long PAGE = DirectFiles.PAGE;

    private static final String OWNER = "weights";
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Ledger ledger;
    private final Path folder;
    private final FileChannel channel;
    private final boolean direct;
    private long length;

    /**
     * Makes the file.
     *
     * @param bytes that will be written at most, which must be free
     * @throws EngineException of kind PLACEMENT if the folder cannot be written or has not enough room
     */
    public ScratchFile(Ledger ledger, Path folder, long bytes) {
        this.ledger = ledger;
        this.folder = folder;
        try {
            Files.createDirectories(folder);
            long free = DiskSpace.free(folder);
            if (free < bytes) {
                throw EngineException.placement(String.format(
                        Locale.ROOT,
                        "The weights that fit neither GPU nor host memory need %.1f GiB on disk, but %s has %.1f GiB free;"
                                + " make room there or choose another folder with --disk-dir",
                        gib(bytes),
                        folder,
                        gib(free)));
            }
            Path path = Files.createTempFile(folder, "flexgen-", ".weights", permissions(folder));
            try {
                @Nullable
                FileChannel opened = DirectFiles.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
                        .orElse(null);
                this.direct = opened != null;
                this.channel = opened != null
                        ? opened
                        : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } finally {
                Files.delete(path); // the open channel keeps it; nothing is left behind after a crash
            }
        } catch (IOException e) {
            throw new EngineException(
                    EngineException.Kind.PLACEMENT,
                    "The folder for weights on disk, " + folder + ", cannot be written (" + reason(e)
                            + "); choose another with --disk-dir",
                    e);
        }
    }

    /** None where the system knows no such permissions; there its folders decide who may read. */
    private static FileAttribute<?>[] permissions(Path folder) {
        return folder.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PRIVATE}
                : new FileAttribute<?>[0];
    }

    private static String reason(IOException e) {
        return switch (e) {
            case FileAlreadyExistsException _ -> "it is a file, not a folder";
            case ClosedByInterruptException _ -> "interrupted";
            default -> FileFailure.reason(e);
        };
    }

    private static double gib(long bytes) {
        return bytes / (double) (1L << 30);
    }

    /** Whether reads bypass the page cache. */
    public boolean direct() {
        return direct;
    }

    /**
     * Writes {@code block} behind what is there.
     *
     * @param block page-aligned, whole pages
     * @return where it begins
     * @throws EngineException of kind PLACEMENT if the disk is full or refuses it
     */
    public long append(MemorySegment block) {
        long start = length;
        ledger.enter(Tier.DISK, OWNER, block.byteSize());
        length += block.byteSize();
        try {
            for (long at = 0; at < block.byteSize(); at += PIECE) {
                ByteBuffer piece = piece(block, at);
                while (piece.hasRemaining()) {
                    channel.write(piece, start + at + piece.position());
                }
            }
        } catch (IOException e) {
            throw new EngineException(
                    EngineException.Kind.PLACEMENT,
                    "Weights could not be written to " + folder + " (" + reason(e)
                            + "); make room there or choose another folder with --disk-dir",
                    e);
        }
        return start;
    }

    /** Bytes of one call: any length would do, but a buffer holds at most 2 GiB. */
    private static final long PIECE = 64L << 20;

    private static ByteBuffer piece(MemorySegment block, long at) {
        return block.asSlice(at, Math.min(PIECE, block.byteSize() - at)).asByteBuffer();
    }

    /**
     * Fills {@code target} from {@code offset} on.
     *
     * @param target page-aligned, whole pages
     * @throws EngineException of kind DEVICE if the disk fails
     */
    @Override
    public void read(long offset, MemorySegment target) {
        try {
            for (long at = 0; at < target.byteSize(); at += PIECE) {
                ByteBuffer piece = piece(target, at);
                while (piece.hasRemaining()) {
                    if (channel.read(piece, offset + at + piece.position()) < 0) {
                        throw new IOException("the file ends at byte " + channel.size());
                    }
                }
            }
        } catch (IOException e) {
            throw EngineException.device(
                    "Weights could not be read back from the disk under " + folder + " (" + reason(e)
                            + "); check the disk, or choose another folder with --disk-dir",
                    e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing is to be saved: the file has no name, and goes with the channel.
        }
        if (length > 0) {
            ledger.leave(Tier.DISK, OWNER, length);
            length = 0;
        }
    }
}
