package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.RandomOperands;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Java interprets a method until a compiler has had the time for it, and the Vector API leaves the order of some sums open,
 * which the two then choose each for itself. What a model computes must not depend on how far the compiler is.
 */
@Timeout(60)
class CompiledNumbersTest {

    private static final String INTERPRETED = "-Xint";

    /** Compiles after a hundred calls, and waits until that is done. */
    private static final String[] COMPILED = {"-Xbatch", "-XX:-TieredCompilation", "-XX:CompileThreshold=100"};

    /** Does operations so many times over, and prints a checksum of the bits that the last time left. */
    static final class Probe {

        /** Whole vectors, four at a time and one at a time, and a rest, whatever the width of the machine's vectors. */
        private static final int WIDTH = 150;

        private static final int HEAD = 38;
        private static final int FEW = 3;
        private static final int MANY = 33;

        private final int rounds;
        private final RandomOperands operands;
        private final Ops ops;

        private Probe(int rounds, RandomOperands operands, Ops ops) {
            this.rounds = rounds;
            this.operands = operands;
            this.ops = ops;
        }

        public static void main(String[] arguments) {
            try (Arena arena = Arena.ofConfined();
                    WorkerPool pool = new WorkerPool(1)) {
                new Probe(Integer.parseInt(arguments[0]), new RandomOperands(arena, 1), new VectorOps(pool)).all();
            }
        }

        private void all() {
            Rows in = operands.rows(MANY, WIDTH);
            Norm norm = new Norm(1e-5f, operands.vector(WIDTH), operands.vector(WIDTH));
            print("norm", MANY, WIDTH, out -> ops.norm(norm, in, out));
            print("gelu", MANY, WIDTH, out -> {
                ops.copy(in, out);
                ops.activate(Activation.GELU, out);
            });
            for (DType dtype : DType.values()) {
                Matrix matrix = operands.matrix(Encoding.of(dtype), HEAD, WIDTH);
                Linear linear = new Linear(matrix, operands.vector(HEAD));
                KvView cache = operands.cache(Encoding.of(dtype), 1, HEAD, 16, MANY);
                Rows narrow = operands.rows(MANY, HEAD, 0.5);
                for (int tokens : new int[] {FEW, MANY}) {
                    Rows wideRows = in.slice(0, tokens);
                    Rows rows = narrow.slice(0, tokens);
                    print(dtype + " up", tokens, HEAD, out -> ops.up(linear, wideRows, out));
                    print(dtype + " down", tokens, WIDTH, out -> ops.down(matrix, rows, out));
                    List<KvSequence> sequences = List.of(new KvSequence(cache, MANY - tokens, tokens));
                    print(dtype + " attend", tokens, HEAD, out -> ops.attend(rows, sequences, 0.3f, out));
                }
            }
        }

        private void print(String name, int tokens, int width, Consumer<Rows> operation) {
            Rows out = operands.rows(tokens, width);
            for (int round = 0; round < rounds; round++) {
                out.data().fill((byte) 0);
                operation.accept(out);
            }
            byte[] bits = out.data().toArray(ValueLayout.JAVA_BYTE);
            System.out.println(name + " of " + tokens + ": " + Integer.toHexString(Arrays.hashCode(bits)));
        }
    }

    @Test
    void interpretedAndCompiledOperationsLeaveTheSameBits() throws Exception {
        List<String> interpreted = bits(1, INTERPRETED);
        assertThat(interpreted).hasSize(2 + 6 * DType.values().length);
        assertThat(bits(150, COMPILED)).isEqualTo(interpreted);
    }

    private static List<String> bits(int rounds, String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of(
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName(),
                Integer.toString(rounds)));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return output.lines().toList();
    }
}
