package dev.flexgen.engine.store;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The list of what a packed model holds: lines of JSON, each behind its own checksum. The first is the {@link PackHeader}, the last says
 * that the list is complete; a line for a tensor is written when its bytes are on the disk. So an unfinished list is a record of how
 * far packing has come.
 *
 * @param files checksums of the small files beside the weights
 * @param packedFiles files of the source that are packed whole
 * @param complete whether the last line is there
 * @param length bytes of the lines that are valid
 */
record Manifest(
        PackHeader header,
        Map<PackedTensor.Key, PackedTensor> tensors,
        Map<String, Integer> files,
        Set<String> packedFiles,
        boolean complete,
        long length) {

    static final String FILE = "manifest.jsonl";

    /** Larger files are none of ours: a tensor of 1 GB has a line of 32 KB. */
    private static final long MOST_BYTES = 256 << 20;

    private static final String END = "tensors";
    private static final String TIED_HEAD = "tied_head";
    private static final String NAME = "file";
    private static final String PACKED = "packed_file";
    private static final String SUM = "crc32c";

    Manifest {
        tensors = Map.copyOf(tensors);
        files = Map.copyOf(files);
        packedFiles = Set.copyOf(packedFiles);
    }

    /** What is valid of a file; empty if not even the header is. */
    static Optional<Manifest> read(Path file) {
        PackHeader header = null;
        Map<PackedTensor.Key, PackedTensor> tensors = new LinkedHashMap<>();
        Map<String, Integer> files = new LinkedHashMap<>();
        Set<String> packedFiles = new LinkedHashSet<>();
        long length = 0;
        boolean complete = false;
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
                return Optional.empty();
            }
            try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
                for (String line = lines.readLine(); line != null && !complete; line = lines.readLine()) {
                    JsonObject json = parsed(line);
                    if (json == null) {
                        break;
                    }
                    if (header == null) {
                        header = PackHeader.of(json);
                    } else if (json.has(END)) {
                        complete = json.get(END).getAsInt() == tensors.size();
                        if (json.get(TIED_HEAD).getAsBoolean()) {
                            tensors.remove(PackWriter.HEAD);
                        }
                    } else if (json.has(PACKED)) {
                        packedFiles.add(json.get(PACKED).getAsString());
                    } else if (json.has(NAME)) {
                        files.put(
                                fileName(json.get(NAME).getAsString()),
                                json.get(SUM).getAsInt());
                    } else {
                        PackedTensor tensor = PackedTensor.of(json);
                        tensors.put(tensor.key(), tensor);
                    }
                    length += line.length() + 1;
                }
            }
        } catch (IOException | RuntimeException e) { // a foreign or damaged file is no manifest
            return Optional.empty();
        }
        return header == null
                ? Optional.empty()
                : Optional.of(new Manifest(header, tensors, files, packedFiles, complete, length));
    }

    /** Bytes that the file of weights must have. */
    long weightBytes() {
        return tensors.values().stream()
                .mapToLong(PackedTensor::paddedEnd)
                .max()
                .orElse(0);
    }

    static String line(JsonObject json) {
        StringBuilder text = new StringBuilder();
        for (char c : json.toString().toCharArray()) { // names of files may have any letters
            text.append(c < 128 ? String.valueOf(c) : "\\u" + HexFormat.of().toHexDigits(c));
        }
        return sum(text.toString()) + ' ' + text + '\n';
    }

    /** The line of a small file beside the weights. */
    static JsonObject file(String name, byte[] content) {
        JsonObject json = new JsonObject();
        json.addProperty(NAME, name);
        json.addProperty(SUM, sum(content));
        return json;
    }

    /** The line that says that a file of the source is packed whole. */
    static JsonObject packed(String name) {
        JsonObject json = new JsonObject();
        json.addProperty(PACKED, name);
        return json;
    }

    /** Of a file beside the list, and of no other: the list may be somebody else's. */
    private static String fileName(String name) {
        Path path = Path.of(name);
        if (path.isAbsolute() || path.getNameCount() != 1 || !path.equals(path.normalize())) {
            throw new IllegalArgumentException("no name of a file: " + name);
        }
        return name;
    }

    /** Whether the small files are there as they were packed. */
    boolean hasFiles(Path folder) throws IOException {
        for (Map.Entry<String, Integer> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            if (Files.size(path) > PackSession.MOST_FILE_BYTES || sum(Files.readAllBytes(path)) != file.getValue()) {
                return false;
            }
        }
        return true;
    }

    static JsonObject end(int tensors, boolean tiedHead) {
        JsonObject json = new JsonObject();
        json.addProperty(END, tensors);
        json.addProperty(TIED_HEAD, tiedHead);
        return json;
    }

    private static @Nullable JsonObject parsed(String line) {
        int space = line.indexOf(' ');
        if (space != 8 || !line.substring(0, space).equals(sum(line.substring(space + 1)))) {
            return null;
        }
        return JsonParser.parseString(line.substring(space + 1)).getAsJsonObject();
    }

    private static String sum(String text) {
        return HexFormat.of().toHexDigits(sum(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static int sum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
