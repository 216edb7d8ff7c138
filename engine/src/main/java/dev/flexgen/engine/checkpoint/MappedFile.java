package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A whole file seen as memory, with little-endian reads and the wording of complaints about it. Reads outside the file
 * throw {@link IndexOutOfBoundsException}: callers compare with {@link #size()} first.
 */
record MappedFile(Path path, MemorySegment bytes) {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Maps {@code path} read-only until {@code arena} closes; nothing is read yet. */
    static MappedFile open(Path path, Arena arena) {
        // Checked first because mapping a device or a pipe fails with less helpful words.
        if (Files.isDirectory(path)) {
            throw EngineException.model(path + " is a folder where a file of weights is expected; replace it");
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new MappedFile(path, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    static EngineException unreadable(Path path, IOException cause) {
        String reason = switch (cause) {
            case NoSuchFileException _
            when Files.isSymbolicLink(path) -> "it is a link to a file that is not there; download the model again";
            case NoSuchFileException _ -> "it does not exist; download the model again";
            case AccessDeniedException _ -> "access is denied; change its permissions";
            default -> cause + "; check the disk and the file";
        };
        return EngineException.model("cannot read " + path + ": " + reason, cause);
    }

    long size() {
        return bytes.byteSize();
    }

    int unsignedByte(long at) {
        return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, at));
    }

    int unsignedShort(long at) {
        return Short.toUnsignedInt(bytes.get(SHORT, at));
    }

    int signedInt(long at) {
        return bytes.get(INT, at);
    }

    long unsignedInt(long at) {
        return Integer.toUnsignedLong(bytes.get(INT, at));
    }

    /** Eight bytes; formats that mean an unsigned number refuse the negative ones. */
    long signedLong(long at) {
        return bytes.get(LONG, at);
    }

    /** {@code length} bytes as UTF-8; malformed ones become replacement characters. */
    String text(long at, int length) {
        return new String(bytes.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    boolean has(long at, byte... expected) {
        return at >= 0
                && size() - at >= expected.length
                && bytes.asSlice(at, expected.length).mismatch(MemorySegment.ofArray(expected)) < 0;
    }

    boolean has(long at, String expected) {
        return has(at, expected.getBytes(StandardCharsets.UTF_8));
    }

    EngineException damaged(String what) {
        return EngineException.model(path + ": " + what + "; the file is damaged, download it again");
    }

    EngineException cutOff(long expected) {
        return EngineException.model(path + " has " + size() + " bytes where " + expected
                + " are expected, most likely an interrupted download; download it again");
    }
}
