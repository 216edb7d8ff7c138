package dev.flexgen.engine.store;

import com.google.gson.JsonObject;
import dev.flexgen.engine.memory.DirectFiles;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.Param;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * A tensor in the file of a packed model: rows behind each other, from a page of the file on. A vector is one row of one number for
 * each of its numbers.
 *
 * @param layer 0 for tensors of the whole model
 * @param stored element type in the checkpoint
 * @param offset in the file
 * @param sums CRC-32C of each {@link #CHUNK} of its bytes
 */
record PackedTensor(
        Role role, int layer, Encoding encoding, DType stored, int rows, int columns, long offset, List<Integer> sums) {

    /** Bytes that a checksum covers: so many are read for a single row, when it is read for the first time. */
    static final int CHUNK = 256 << 10;

    /** No disk holds more, and sums of a few stay exact. */
    private static final long MOST_BYTES = 1L << 50;

    /** Which tensor it is. */
    record Key(Role role, int layer) {
        @Override
        public String toString() {
            return role + (role.isCut() || layer > 0 ? " of layer " + layer : "");
        }
    }

    PackedTensor {
        sums = List.copyOf(sums);
    }

    Key key() {
        return new Key(role, layer);
    }

    long rowBytes() {
        return encoding.rowBytes(columns);
    }

    long bytes() {
        return encoding.bytes(rows, columns);
    }

    long end() {
        return offset + bytes();
    }

    /** Where in the file the next tensor may begin. */
    long paddedEnd() {
        return padded(end());
    }

    static long padded(long bytes) {
        return Math.ceilDiv(bytes, DirectFiles.PAGE) * DirectFiles.PAGE;
    }

    static int chunks(long bytes) {
        return Math.toIntExact(Math.ceilDiv(bytes, (long) CHUNK));
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("part", role.part().name());
        json.addProperty("param", role.param().name());
        json.addProperty("layer", layer);
        json.addProperty("encoding", encoding.name());
        json.addProperty("stored", stored.name().toLowerCase(Locale.ROOT));
        json.addProperty("rows", rows);
        json.addProperty("columns", columns);
        json.addProperty("offset", offset);
        StringBuilder hex = new StringBuilder();
        sums.forEach(sum -> hex.append(HexFormat.of().toHexDigits(sum)));
        json.addProperty("crc32c", hex.toString());
        return json;
    }

    /** @throws RuntimeException if a field is missing or nonsense */
    static PackedTensor of(JsonObject json) {
        String hex = json.get("crc32c").getAsString();
        PackedTensor tensor = new PackedTensor(
                new Role(
                        ModelPart.valueOf(json.get("part").getAsString()),
                        Param.valueOf(json.get("param").getAsString())),
                json.get("layer").getAsInt(),
                encoding(json.get("encoding").getAsString()),
                DType.valueOf(json.get("stored").getAsString().toUpperCase(Locale.ROOT)),
                json.get("rows").getAsInt(),
                json.get("columns").getAsInt(),
                json.get("offset").getAsLong(),
                java.util.stream.IntStream.range(0, hex.length() / 8)
                        .mapToObj(i -> HexFormat.fromHexDigits(hex, 8 * i, 8 * i + 8))
                        .toList());
        if (tensor.rows < 0
                || tensor.columns < 1
                || tensor.offset < 0
                || tensor.offset > MOST_BYTES
                || tensor.offset % DirectFiles.PAGE != 0
                || tensor.sums.size() != chunks(tensor.bytes())) {
            throw new IllegalArgumentException("no tensor: " + json);
        }
        return tensor;
    }

    static Encoding encoding(String name) {
        return Encoding.ALL.stream()
                .filter(it -> it.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no encoding " + name));
    }
}
