package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TorchArchiveTest {

    private static final String FILE = "pytorch_model.bin";
    private static final byte[] SIX_HALVES = {0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0};

    @TempDir
    Path folder;

    private static byte[] oneVector() {
        return new PickleWriter().raw('}').text("w").vector("0", 6).raw('s').stop();
    }

    private static byte[] oneView(long offset, long[] extents, long[] strides) {
        return new PickleWriter()
                .raw('}')
                .text("w")
                .tensor("torch.HalfStorage", "0", 6, offset, extents, strides)
                .raw('s')
                .stop();
    }

    private Checkpoint open(ZipWriter.Content content) {
        ZipWriter.write(folder.resolve(FILE), content);
        return Checkpoints.open(folder);
    }

    private static ZipWriter.Content archive(byte[] pickle) {
        return zip -> zip.entry("m/data.pkl", pickle).entry("m/data/0", SIX_HALVES);
    }

    private static short[] halves(Tensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
    }

    static Stream<Arguments> views() {
        return Stream.of(
                arguments(0L, new long[] {2, 3}, new long[] {3, 1}, new short[] {0, 1, 2, 3, 4, 5}),
                arguments(2L, new long[] {2, 2}, new long[] {2, 1}, new short[] {2, 3, 4, 5}),
                arguments(0L, new long[] {3, 2}, new long[] {1, 3}, new short[] {0, 3, 1, 4, 2, 5}),
                arguments(1L, new long[] {2, 2}, new long[] {3, 1}, new short[] {1, 2, 4, 5}),
                arguments(1L, new long[] {3}, new long[] {2}, new short[] {1, 3, 5}),
                arguments(0L, new long[] {2, 1, 3}, new long[] {1, 77, 2}, new short[] {0, 2, 4, 1, 3, 5}),
                arguments(0L, new long[] {1, 6}, new long[] {1, 1}, new short[] {0, 1, 2, 3, 4, 5}),
                arguments(0L, new long[] {2, 2}, new long[] {0, 1}, new short[] {0, 1, 0, 1}),
                arguments(5L, new long[] {}, new long[] {}, new short[] {5}),
                arguments(900L, new long[] {0, 4}, new long[] {4, 1}, new short[] {}));
    }

    @ParameterizedTest
    @MethodSource("views")
    void viewsComeInRowMajorOrder(long offset, long[] extents, long[] strides, short[] expected) {
        try (Checkpoint checkpoint = open(archive(oneView(offset, extents, strides)))) {
            Tensor tensor = checkpoint.tensor("w");
            assertThat(tensor.shape()).isEqualTo(Shape.of(extents));
            assertThat(halves(tensor)).isEqualTo(expected);
            assertThat(checkpoint.tensor("w")).as("copied only once").isSameAs(tensor);
        }
    }

    @Test
    void parametersMasksAndUntypedStoragesAreTolerated() {
        byte[] pickle = new PickleWriter()
                .emptyHooks()
                .raw('(')
                .text("parameter")
                .global("torch._utils", "_rebuild_parameter")
                .vector("0", 6)
                .raw(0x88)
                .emptyHooks()
                .raw(0x87, 'R')
                .text("mask")
                .tensor("torch.ByteStorage", "0", 12, 0, new long[] {12}, new long[] {1})
                .text("float8")
                .global("torch._utils", "_rebuild_tensor_v3")
                .raw('(')
                .storage("torch.storage.UntypedStorage", "0", 12)
                .whole(0)
                .tuple(12)
                .tuple(1)
                .raw(0x89)
                .emptyHooks()
                .global("torch", "float8_e4m3fn")
                .raw('t', 'R')
                .text("step")
                .whole(7)
                .raw('u', '}')
                .text("_metadata")
                .emptyHooks()
                .raw('s', 'b')
                .stop();
        try (Checkpoint checkpoint = open(archive(pickle))) {
            assertThat(checkpoint.names()).containsExactly("parameter", "mask", "float8");
            assertThat(halves(checkpoint.tensor("parameter"))).containsExactly(0, 1, 2, 3, 4, 5);
            assertThatThrownBy(() -> checkpoint.tensor("mask")).hasMessageContainingAll("'mask'", FILE, "U8");
            assertThatThrownBy(() -> checkpoint.tensor("float8")).hasMessageContaining("F8_E4M3");
            assertThatThrownBy(() -> checkpoint.tensor("step")).hasMessageContaining("has no tensor 'step'");
        }
    }

    @Test
    void entriesBeyondFourGigabytesAreFound() {
        byte[] pickle = new PickleWriter()
                .raw('}', '(')
                .text("big")
                .vector("big", 5L << 29)
                .text("w")
                .vector("0", 6)
                .raw('u')
                .stop();
        try (Checkpoint checkpoint = open(zip -> zip.entry("m/data.pkl", pickle)
                .entry("m/data/big", 0, 0x0808, 5L << 30, new byte[] {7})
                .gap(1000)
                .entry("m/data/0", SIX_HALVES))) {
            assertThat(checkpoint.tensor("big").data().byteSize()).isEqualTo(5L << 30);
            assertThat(checkpoint.tensor("big").data().get(ValueLayout.JAVA_BYTE, 0))
                    .isEqualTo((byte) 7);
            assertThat(halves(checkpoint.tensor("w"))).containsExactly(0, 1, 2, 3, 4, 5);
        }
    }

    static Stream<Arguments> badArchives() {
        byte[] good = oneVector();
        return Stream.of(
                bad("no pickle", zip -> zip.entry("m/data/0", SIX_HALVES), "with 0 entries named */data.pkl"),
                bad("nested pickle", zip -> zip.entry("a/b/data.pkl", good), "with 0 entries named */data.pkl"),
                bad(
                        "two pickles",
                        zip -> zip.entry("a/data.pkl", good).entry("b/data.pkl", good),
                        "with 2 entries named */data.pkl"),
                bad(
                        "an entry twice",
                        zip -> zip.entry("a/data.pkl", good).entry("a/data.pkl", good),
                        "lists 'a/data.pkl' twice"),
                bad("no storage", zip -> zip.entry("m/data.pkl", good), "refers to the storage '0', which the archive"),
                bad(
                        "compressed storage",
                        zip -> zip.entry("m/data.pkl", good).entry("m/data/0", 8, 0x0808, 12, SIX_HALVES),
                        "'m/data/0' is compressed"),
                bad(
                        "encrypted storage",
                        zip -> zip.entry("m/data.pkl", good).entry("m/data/0", 0, 1, 12, SIX_HALVES),
                        "'m/data/0' is encrypted"),
                bad(
                        "short storage",
                        zip -> zip.entry("m/data.pkl", good).entry("m/data/0", new byte[10]),
                        "needs a storage '0' of 12 bytes, but the archive's has 10"),
                bad(
                        "big-endian",
                        zip -> zip.entry("m/data.pkl", good)
                                .text("m/byteorder", "big")
                                .entry("m/data/0", SIX_HALVES),
                        "big-endian machine"),
                bad(
                        "huge pickle",
                        zip -> zip.entry("m/data.pkl", 0, 0, (64L << 20) + 1, good),
                        "larger than the 67108864"),
                bad("offset beyond the storage", archive(oneView(1, new long[] {6}, new long[] {1})), "to element 6"),
                bad("stride beyond it", archive(oneView(0, new long[] {2}, new long[] {6})), "reaches to element 6"),
                bad(
                        "strides that overflow",
                        archive(oneView(0, new long[] {4, 4}, new long[] {Long.MAX_VALUE, Long.MAX_VALUE})),
                        "beyond 2^63 bytes"),
                bad(
                        "extents that overflow",
                        archive(oneView(0, new long[] {1L << 40, 1L << 40}, new long[] {0, 0})),
                        "beyond 2^63 bytes"),
                bad(
                        "a tensor blown up by strides of zero",
                        archive(oneView(0, new long[] {1L << 30, 1L << 20}, new long[] {0, 0})),
                        "repeats those of a storage of 6"),
                bad("a list", archive(new PickleWriter().raw(']').stop()), "holds no dictionary of tensors"),
                bad(
                        "a training checkpoint",
                        archive(new PickleWriter()
                                .raw('}')
                                .text("model")
                                .raw('}')
                                .text("w")
                                .vector("0", 6)
                                .raw('s', 's')
                                .stop()),
                        "no tensors at its top level, only model"));
    }

    private static Arguments bad(String title, ZipWriter.Content content, String reason) {
        return arguments(title, content, reason);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badArchives")
    void badArchiveIsRefusedWithTheReason(String title, ZipWriter.Content content, String reason) {
        assertThatThrownBy(() -> open(content).close())
                .as(title)
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(folder.resolve(FILE).toString())
                .hasMessageContaining(reason);
    }

    static Stream<Arguments> foreignFiles() {
        byte[] tar = new byte[512];
        System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
        byte[] magic = {(byte) 0x80, 2, (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46, (byte) 0xf9, 0x20};
        return Stream.of(
                arguments("legacy", magic, "before version 1.6; convert it with a current PyTorch: torch.save("),
                arguments("tar", tar, "is a tar archive"),
                arguments("pickle", oneVector(), "is a bare pickle"),
                arguments("safetensors", "\2\0\0\0\0\0\0\0{\"a\"".getBytes(StandardCharsets.UTF_8), "safetensors data"),
                arguments("LFS", "version https://git-lfs".getBytes(StandardCharsets.UTF_8), "git lfs pull"),
                arguments("text", "hello".getBytes(StandardCharsets.UTF_8), "does not start with a zip header"),
                arguments("nothing", new byte[0], "is empty"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("foreignFiles")
    void otherFormatsAreNamedWithACure(String title, byte[] content, String reason) throws IOException {
        Files.write(folder.resolve(FILE), content);

        assertThatThrownBy(() -> Checkpoints.open(folder))
                .as(title)
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(FILE)
                .hasMessageContaining(reason);
    }

    @Test
    void cutOffDownloadIsNamed() throws IOException {
        byte[] whole = Files.readAllBytes(Fixtures.golden("opt-f16-bin").resolve(FILE));
        Files.write(folder.resolve(FILE), Arrays.copyOf(whole, 200_000));

        assertThatThrownBy(() -> Checkpoints.open(folder))
                .hasMessageContaining("has 200000 bytes and ends before its zip directory")
                .hasMessageContaining("interrupted download");
    }

    @Test
    void overwrittenLocalHeaderIsNoticedWhenTheTensorIsRead() throws IOException {
        Path path = ZipWriter.write(folder.resolve(FILE), archive(oneVector()));
        byte[] bytes = Files.readAllBytes(path);
        int name = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("m/data/0");
        bytes[name] = 'x';
        Files.write(path, bytes);

        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThatThrownBy(() -> checkpoint.tensor("w")).hasMessageContaining("is not that of 'm/data/0'");
        }
    }
}
