package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The safetensors format: a 64-bit header length, a JSON header that gives each tensor its type, shape and byte range, then
 * the tensors without gaps. As strict as the reference implementation, so that no two readers see different tensors in one
 * file.
 */
final class Safetensors {

    /** The reference implementation's limit. */
    static final long LONGEST_HEADER = 100_000_000;

    /** Weights have up to five axes; a bound keeps what many hostile entries cost in memory small. */
    static final int HIGHEST_RANK = 16;

    /** Longer metadata is no name of a tensor, and not worth keeping. */
    private static final int LONGEST_ALIAS = 512;

    private static final String METADATA = "__metadata__";

    /** One entry of the header; its range counts from the end of the header. */
    private record Declared(String name, ElementType type, Shape shape, long begin, long end) {}

    private final MappedFile file;
    private final long dataStart;
    private final long available;
    /** Names of tensors that are the same as another, which alone is stored: what safetensors' save_model writes. */
    private final Map<String, String> aliases = new LinkedHashMap<>();

    private Safetensors(MappedFile file, long headerBytes) {
        this.file = file;
        this.dataStart = Long.BYTES + headerBytes;
        this.available = file.size() - dataStart;
    }

    /** Every tensor of the file by name, in the order of their bytes. */
    static Map<String, StoredTensor> read(MappedFile file) {
        ForeignContent.refuseInSafetensors(file);
        return new Safetensors(file, headerBytes(file)).tensors();
    }

    private static long headerBytes(MappedFile file) {
        if (file.size() < Long.BYTES) {
            throw file.cutOff(Long.BYTES);
        }
        long length = file.signedLong(0);
        if (length < 0 || length > LONGEST_HEADER) {
            throw file.damaged("the header length at byte 0 is " + Long.toUnsignedString(length) + ", more than the "
                    + LONGEST_HEADER + " bytes that safetensors allows");
        }
        if (length > file.size() - Long.BYTES) {
            throw file.cutOff(Long.BYTES + length);
        }
        if (!file.has(Long.BYTES, "{")) {
            throw file.damaged("the header at byte 8 does not start with '{', so this is no safetensors file");
        }
        return length;
    }

    private Map<String, StoredTensor> tensors() {
        List<Declared> header = header();
        header.sort(Comparator.comparingLong(Declared::begin).thenComparingLong(Declared::end));
        checkCoverage(header);
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (Declared tensor : header) {
            MemorySegment data = file.bytes().asSlice(dataStart + tensor.begin, tensor.end - tensor.begin);
            tensors.put(tensor.name, new PlainTensor(file, tensor.type, tensor.shape, data));
        }
        Map<String, StoredTensor> shared = new LinkedHashMap<>();
        aliases.forEach((name, stored) -> {
            StoredTensor same = tensors.get(stored);
            if (same != null) {
                shared.put(name, same);
            }
        });
        shared.forEach(tensors::putIfAbsent);
        return tensors;
    }

    private List<Declared> header() {
        var json = new StrictJson(file, file.bytes().asSlice(Long.BYTES, dataStart - Long.BYTES));
        List<Declared> header = new ArrayList<>();
        json.document(name -> {
            if (name.equals(METADATA)) {
                json.object(key -> {
                    String value = json.text();
                    if (key.length() <= LONGEST_ALIAS && value.length() <= LONGEST_ALIAS) {
                        aliases.put(key, value);
                    }
                });
            } else {
                var fields = new Fields(name, json);
                json.object(fields::read);
                header.add(fields.declared(name));
            }
        });
        return header;
    }

    /** Every byte of data must belong to exactly one tensor. */
    private void checkCoverage(List<Declared> sorted) {
        long described = sorted.stream().mapToLong(Declared::end).max().orElse(0);
        if (described > Long.MAX_VALUE - dataStart) {
            throw file.damaged("the header places a tensor beyond 2^63 bytes");
        }
        if (described > available) {
            throw file.cutOff(dataStart + described);
        }
        long reached = 0;
        for (Declared tensor : sorted) {
            if (tensor.begin != reached) {
                throw file.damaged("tensor '" + Quoted.text(tensor.name) + "' at byte " + (dataStart + tensor.begin)
                        + (tensor.begin < reached ? " overlaps another tensor" : " leaves unused bytes before it"));
            }
            reached = tensor.end;
        }
        if (reached < available) {
            throw file.damaged(
                    (available - reached) + " bytes from byte " + (dataStart + reached) + " on belong to no tensor");
        }
    }

    /** The three fields of one header entry, collected in any order. */
    private final class Fields {
        private final String name;
        private final StrictJson json;
        private @Nullable ElementType type;
        private long @Nullable [] extents;
        private long @Nullable [] range;

        Fields(String name, StrictJson json) {
            this.name = "tensor '" + Quoted.text(name) + "'";
            this.json = json;
        }

        void read(String field) throws IOException {
            switch (field) {
                case "dtype" -> {
                    String dtype = json.text();
                    type = ElementType.ofSafetensors(dtype)
                            .orElseThrow(() -> file.damaged(name + " has the unknown dtype " + Quoted.text(dtype)));
                }
                case "shape" -> extents = json.counts(HIGHEST_RANK);
                case "data_offsets" -> range = json.counts(2);
                default -> throw file.damaged(name + " has the unknown field '" + Quoted.text(field) + "'");
            }
        }

        Declared declared(String plainName) {
            if (type == null || extents == null || range == null || range.length != 2) {
                throw file.damaged(name + " lacks one of dtype, shape and data_offsets [begin, end]");
            }
            long begin = range[0];
            long end = range[1];
            if (begin > end) {
                throw file.damaged(name + " ends at offset " + end + ", before its begin at " + begin);
            }
            var shape = Shape.of(extents);
            try {
                if (type.bytes(shape.elements()) == end - begin) {
                    return new Declared(plainName, type, shape, begin, end);
                }
            } catch (ArithmeticException _) {
                // More bytes than fit a long certainly are not those of the range.
            }
            throw file.damaged(name + " of dtype " + type + " and shape " + shape + " does not fill its "
                    + (end - begin) + " bytes");
        }
    }
}
