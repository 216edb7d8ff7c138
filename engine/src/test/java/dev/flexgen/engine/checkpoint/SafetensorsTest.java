package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsTest {

    @TempDir
    Path folder;

    private static byte[] file(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    private static byte[] withLength(long headerLength) {
        return ByteBuffer.allocate(100)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(headerLength)
                .put((byte) '{')
                .array();
    }

    private static String tensor(String name, String dtype, String shape, long begin, long end) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                .formatted(name, dtype, shape, begin, end);
    }

    private Checkpoint open(byte[] content) throws IOException {
        Files.write(folder.resolve("model.safetensors"), content);
        return Checkpoints.open(folder);
    }

    static Stream<Arguments> damagedFiles() {
        String a = tensor("a", "F32", "[2]", 0, 8);
        return Stream.of(
                arguments("nothing at all", new byte[0], "is empty"),
                arguments("a few bytes", new byte[5], "has 5 bytes where 8 are expected"),
                arguments("huge header", withLength(100_000_001), "header length at byte 0 is 100000001"),
                arguments("negative header", withLength(-1), "header length at byte 0 is 18446744073709551615"),
                arguments("header beyond the file", withLength(5000), "has 100 bytes where 5008 are expected"),
                arguments("no JSON", file("[1]", 0), "does not start with '{'"),
                arguments("empty header", file("", 8), "does not start with '{'"),
                arguments("garbled JSON", file("{\"a\":nonsense}", 0), "garbled JSON"),
                arguments("unfinished JSON", file("{" + a, 8), "garbled JSON"),
                arguments("JSON followed by more", file("{" + a + "}{}", 8), "garbled JSON"),
                arguments("padded with zeros", file("{" + a + "}\0\0", 8), "garbled JSON"),
                arguments("single quotes", file("{'a':1}", 0), "garbled JSON"),
                arguments("deep nesting", file("{\"a\":" + "[".repeat(100_000), 0), "expected an object at $.a"),
                arguments("tensor that is no object", file("{\"a\":[]}", 0), "expected an object at $.a"),
                arguments("same name twice", file("{" + a + "," + a + "}", 8), "key 'a' appears twice"),
                arguments("same field twice", file("{\"a\":{\"shape\":[],\"shape\":[]}}", 8), "'shape' appears twice"),
                arguments("metadata of numbers", file("{\"__metadata__\":{\"a\":1}}", 0), "expected a string"),
                arguments("unknown dtype", file("{" + tensor("a", "Q4", "[2]", 0, 8) + "}", 8), "unknown dtype Q4"),
                arguments("unknown field", file("{\"a\":{\"strides\":[1]}}", 8), "unknown field 'strides'"),
                arguments("missing field", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8), "lacks one of"),
                arguments(
                        "three offsets",
                        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8),
                        "at most 2 numbers"),
                arguments("negative extent", file("{" + tensor("a", "F32", "[-2]", 0, 8) + "}", 8), "not -2"),
                arguments("fraction", file("{" + tensor("a", "F32", "[2.0]", 0, 8) + "}", 8), "not 2.0"),
                arguments("text extent", file("{" + tensor("a", "F32", "[\"2\"]", 0, 8) + "}", 8), "a whole number"),
                arguments(
                        "extent beyond 64 bits",
                        file("{" + tensor("a", "F32", "[9223372036854775808]", 0, 8) + "}", 8),
                        "not 9223372036854775808"),
                arguments(
                        "overflowing product",
                        file("{" + tensor("a", "F32", "[4294967296,4294967296]", 0, 8) + "}", 8),
                        "does not fill its 8 bytes"),
                arguments(
                        "overflowing bytes",
                        file("{" + tensor("a", "F32", "[4611686018427387904]", 0, 0) + "}", 0),
                        "does not fill its 0 bytes"),
                arguments("rank 17", file("{" + tensor("a", "F32", ones(17), 0, 4) + "}", 4), "at most 16 numbers"),
                arguments("end before begin", file("{" + tensor("a", "F32", "[2]", 8, 0) + "}", 8), "before its begin"),
                arguments("wrong size", file("{" + tensor("a", "F16", "[2]", 0, 8) + "}", 8), "does not fill its 8"),
                arguments(
                        "overlap",
                        file("{" + a + "," + tensor("b", "F32", "[2]", 4, 12) + "}", 12),
                        "tensor 'b' at byte 120 overlaps"),
                arguments("same range", file("{" + a + "," + tensor("b", "F32", "[2]", 0, 8) + "}", 8), "overlaps"),
                arguments(
                        "hole",
                        file("{" + a + "," + tensor("b", "F32", "[2]", 12, 20) + "}", 20),
                        "leaves unused bytes"),
                arguments("hole in front", file("{" + tensor("a", "F32", "[2]", 4, 12) + "}", 12), "leaves unused"),
                arguments("trailing bytes", file("{" + a + "}", 9), "1 bytes from byte 70 on belong to no tensor"),
                arguments("data without tensors", file("{}", 1), "belong to no tensor"),
                arguments("cut off", file("{" + a + "}", 7), "has 69 bytes where 70 are expected, most likely an"),
                arguments(
                        "offset near 2^63",
                        file("{" + tensor("a", "U8", "[8]", Long.MAX_VALUE - 8, Long.MAX_VALUE) + "}", 8),
                        "beyond 2^63"),
                arguments("a zip archive", new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0, 0}, "is a zip archive"),
                arguments("Git LFS pointer", ascii("version https://git-lfs.github.com/spec/v1\n"), "Git LFS pointer"),
                arguments("web page", ascii("<!DOCTYPE html><html></html>"), "is a web page"));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String ones(int count) {
        return "[1" + ",1".repeat(count - 1) + "]";
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damagedFiles")
    void damagedFileIsRefusedWithTheReason(String title, byte[] content, String reason) {
        assertThatThrownBy(() -> open(content).close())
                .as(title)
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(folder.resolve("model.safetensors").toString())
                .hasMessageContaining(reason)
                .hasMessageNotContainingAny("\n", "\0")
                .extracting(e -> ((EngineException) e).kind())
                .isEqualTo(EngineException.Kind.MODEL);
    }

    @Test
    void tensorsOfOtherTypesAreNamedAndRefused() throws IOException {
        String header = "{\"__metadata__\":{\"format\":\"pt\"}," + tensor("w", "BF16", "[1,2]", 0, 4) + ","
                + tensor("mask", "BOOL", "[3]", 4, 7) + "," + tensor("scalar", "F32", "[]", 7, 11) + ","
                + tensor("none", "F16", "[0,7]", 11, 11) + "}   ";
        try (Checkpoint checkpoint = open(file(header, 11))) {
            assertThat(checkpoint.names()).containsExactly("w", "mask", "scalar", "none");
            assertThat(checkpoint.tensor("w").dtype()).isEqualTo(DType.BF16);
            assertThat(checkpoint.tensor("scalar").shape()).isEqualTo(Shape.of());
            assertThat(checkpoint.tensor("none").data().byteSize()).isZero();
            assertThatThrownBy(() -> checkpoint.tensor("mask"))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContainingAll("'mask'", "model.safetensors", "BOOL", "F64, F32, F16 or BF16");
        }
    }

    @Test
    void metadataMayNameATensorThatIsTheSameAsAnother() throws IOException {
        String header = "{\"__metadata__\":{\"format\":\"pt\",\"same\":\"w\",\"w\":\"v\",\"other\":\"x\"},"
                + tensor("v", "F16", "[1]", 0, 2) + "," + tensor("w", "BF16", "[1,2]", 2, 6) + "}";
        try (Checkpoint checkpoint = open(file(header, 6))) {
            assertThat(checkpoint.names()).containsExactly("v", "w", "same");
            assertThat(checkpoint.tensor("same").data())
                    .isEqualTo(checkpoint.tensor("w").data());
            assertThat(checkpoint.tensor("w").dtype()).isEqualTo(DType.BF16);
        }
    }

    @Test
    void controlCharactersOfANameDoNotReachTheTerminal() {
        byte[] content = file("{\"\\u001b[2J\\n\":{\"dtype\":\"F99\"}}", 0);

        assertThatThrownBy(() -> open(content)).hasMessageContaining("tensor '?[2J?'");
    }

    @Test
    void longStringsAndManyKeysAreBounded() {
        byte[] longName = file("{\"" + "a".repeat(JsonStream.LONGEST_STRING + 1) + "\":1}", 0);
        var manyKeys = new StringBuilder("{\"__metadata__\":{");
        for (int i = 0; i <= StrictJson.MOST_KEYS; i++) {
            manyKeys.append('"').append(i).append("\":\"\",");
        }

        assertThatThrownBy(() -> open(longName)).hasMessageContaining("a string of more than 16777216 bytes");
        assertThatThrownBy(() -> open(file(manyKeys.toString(), 0))).hasMessageContaining("more than 200000 keys");
    }

    @Test
    void tensorsBeyondTwoGigabytesAreReadInPlace() throws IOException {
        long far = 3L << 30;
        String header = "{" + tensor("big", "F16", "[" + far / 2 + "]", 0, far) + ","
                + tensor("last", "F32", "[1]", far, far + 4) + "}";
        Path path = folder.resolve("model.safetensors");
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            byte[] start = file(header, 0);
            channel.write(ByteBuffer.wrap(start));
            channel.write(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3f}), start.length + far);
        }

        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            Tensor last = checkpoint.tensor("last");
            assertThat(last.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)).isEqualTo(1f);
            assertThat(checkpoint.tensor("big").data().byteSize()).isEqualTo(far);
        }
    }
}
