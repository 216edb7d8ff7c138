package dev.flexgen.engine.store;

import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Writes the two files of a packed model, and goes on with what an earlier run has left. A tensor gets its line in the manifest when its
 * bytes are on the disk, so whatever interrupts the program leaves a manifest that is true. Owned by one thread at a time.
 */
final class PackWriter implements AutoCloseable {

    static final String WEIGHTS = "weights.bin";
    static final PackedTensor.Key HEAD = new PackedTensor.Key(ModelPart.HEAD.weight(), 0);
    private static final PackedTensor.Key TOKENS = new PackedTensor.Key(ModelPart.TOKENS.weight(), 0);

    /** So much may be written twice after an interruption. */
    private static final long UNRECORDED = 256L << 20;

    private final FileChannel weights;
    private final FileChannel manifest;
    private final Map<PackedTensor.Key, PackedTensor> tensors = new HashMap<>();
    private final Set<String> packedFiles = new HashSet<>();
    private final List<PackedTensor> unrecorded = new ArrayList<>();
    private final CRC32C crc = new CRC32C();
    private final boolean isNew;
    private final List<Integer> sums = new ArrayList<>();
    private long start;
    private long written;
    private long unrecordedBytes;

    /** Makes the files, or opens them if they are of the same model, in a folder that is there. */
    PackWriter(Path folder, PackHeader header) throws IOException {
        Path list = folder.resolve(Manifest.FILE);
        Manifest old = Manifest.read(list)
                .filter(it -> it.header().equals(header) && !it.complete())
                .orElse(null);
        weights = FileChannel.open(
                folder.resolve(WEIGHTS), StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ);
        manifest = FileChannel.open(list, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        isNew = old == null || old.weightBytes() > weights.size();
        if (old != null && !isNew) {
            tensors.putAll(old.tensors());
            packedFiles.addAll(old.packedFiles());
            start = old.weightBytes();
            manifest.truncate(old.length());
            manifest.position(old.length());
        } else {
            manifest.truncate(0);
            line(Manifest.line(header.toJson()));
            manifest.force(true);
        }
        weights.truncate(start);
    }

    /** Writes a small file beside the weights. */
    void file(Path folder, String name, byte[] content) throws IOException {
        try (FileChannel file = FileChannel.open(
                folder.resolve(name),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        line(Manifest.line(Manifest.file(name, content)));
    }

    /** Whether there was nothing of the same model. */
    boolean isNew() {
        return isNew;
    }

    Set<String> packedFiles() {
        return Set.copyOf(packedFiles);
    }

    /** Notes that a file of the source is no longer needed. */
    void packed(String file) throws IOException {
        record();
        line(Manifest.line(Manifest.packed(file)));
        manifest.force(true);
        packedFiles.add(file);
    }

    boolean has(PackedTensor.Key key) {
        return tensors.containsKey(key);
    }

    /** Bytes of the file so far. */
    long bytes() {
        return start + written;
    }

    /** The next bytes of a tensor, as many as wanted. */
    void append(MemorySegment bytes) throws IOException {
        for (long at = 0; at < bytes.byteSize(); ) {
            long room = PackedTensor.CHUNK - written % PackedTensor.CHUNK;
            ByteBuffer piece =
                    bytes.asSlice(at, Math.min(room, bytes.byteSize() - at)).asByteBuffer();
            int length = piece.remaining();
            crc.update(piece.duplicate());
            write(piece, start + written);
            written += length;
            at += length;
            if (length == room) {
                endChunk();
            }
        }
    }

    private void endChunk() {
        sums.add((int) crc.getValue());
        crc.reset();
    }

    private void write(ByteBuffer piece, long at) throws IOException {
        long position = at;
        while (piece.hasRemaining()) {
            position += weights.write(piece, position);
        }
    }

    /** All bytes of a tensor were appended. */
    void end(Role role, int layer, Encoding encoding, DType stored, int rows, int columns) throws IOException {
        if (written % PackedTensor.CHUNK != 0) {
            endChunk();
        }
        PackedTensor tensor = new PackedTensor(role, layer, encoding, stored, rows, columns, start, sums);
        if (tensor.bytes() != written) {
            throw new IllegalStateException(tensor.key() + " has " + written + " bytes");
        }
        write(ByteBuffer.allocate((int) (tensor.paddedEnd() - tensor.end())), tensor.end());
        tensors.put(tensor.key(), tensor);
        unrecorded.add(tensor);
        unrecordedBytes += written;
        start = tensor.paddedEnd();
        written = 0;
        sums.clear();
        if (unrecordedBytes >= UNRECORDED) {
            record();
        }
    }

    /** What was begun of a tensor is forgotten. */
    void abandon() {
        written = 0;
        sums.clear();
        crc.reset();
    }

    /** Everything that has ended is there after a power cut. */
    void record() throws IOException {
        weights.force(true);
        StringBuilder lines = new StringBuilder();
        unrecorded.forEach(tensor -> lines.append(Manifest.line(tensor.toJson())));
        line(lines.toString());
        manifest.force(true);
        unrecorded.clear();
        unrecordedBytes = 0;
    }

    /** Says that nothing is missing. */
    void finish(boolean mayBeTied) throws IOException {
        record();
        PackedTensor head = tensors.get(HEAD);
        PackedTensor table = tensors.get(TOKENS);
        boolean tied = mayBeTied && head != null && table != null && head.sums().equals(table.sums());
        weights.truncate(start);
        line(Manifest.line(Manifest.end(tensors.size(), tied)));
        manifest.force(true);
    }

    private void line(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining()) {
            manifest.write(bytes);
        }
    }

    @Override
    public void close() {
        try {
            weights.close();
            manifest.close();
        } catch (IOException e) {
            // What counts was forced to the disk.
        }
    }
}
