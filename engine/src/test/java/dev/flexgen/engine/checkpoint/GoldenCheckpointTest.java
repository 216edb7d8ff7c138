package dev.flexgen.engine.checkpoint;

import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The readers against a listing of every golden tensor made by a program that shares no code with them. */
class GoldenCheckpointTest {

    /** A line of golden/tensors.tsv: the hash is that of the row-major bytes. */
    record Listed(String model, String name, String dtype, Shape shape, String sha256) {
        static Listed parse(String line) {
            String[] columns = line.split("\t", -1);
            long[] extents = Arrays.stream(columns[3].split("x", -1))
                    .mapToLong(Long::parseLong)
                    .toArray();
            return new Listed(columns[0], columns[1], columns[2], Shape.of(extents), columns[4]);
        }
    }

    static Stream<Map.Entry<String, List<Listed>>> models() throws IOException {
        return Files.readAllLines(Fixtures.golden("tensors.tsv")).stream()
                .map(Listed::parse)
                .collect(groupingBy(Listed::model))
                .entrySet()
                .stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyTensorIsAsListed(Map.Entry<String, List<Listed>> model) {
        try (Checkpoint checkpoint = Checkpoints.open(Fixtures.golden(model.getKey()))) {
            assertThat(checkpoint.names())
                    .containsExactlyInAnyOrderElementsOf(
                            model.getValue().stream().map(Listed::name).toList());
            for (Listed listed : model.getValue()) {
                Tensor tensor = checkpoint.tensor(listed.name());
                assertThat(tensor.dtype()).as(listed.name()).hasToString(listed.dtype());
                assertThat(tensor.shape()).as(listed.name()).isEqualTo(listed.shape());
                assertThat(sha256(tensor)).as(listed.name()).isEqualTo(listed.sha256());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"opt-f16-bin,opt-f16", "opt-f16-bin-sharded,opt-f16", "opt-f32-sharded,opt-f32"})
    void containerMakesNoDifference(String other, String reference) {
        try (Checkpoint expected = Checkpoints.open(Fixtures.golden(reference));
                Checkpoint actual = Checkpoints.open(Fixtures.golden(other))) {
            assertThat(actual.names()).containsAll(expected.names());
            for (String name : expected.names()) {
                Tensor tensor = actual.tensor(name);
                assertThat(tensor.shape()).isEqualTo(expected.tensor(name).shape());
                assertThat(tensor.data().mismatch(expected.tensor(name).data()))
                        .as(name)
                        .isEqualTo(-1);
            }
        }
    }

    private static String sha256(Tensor tensor) {
        try {
            byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
