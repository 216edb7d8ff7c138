package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles every kernel file for every encoding and generation of GPU, without optimising: that is most of the time, and
 * whether it compiles does not depend on it. Needs nvcc, not a GPU.
 */
class KernelCompilationTest {

    private static final List<String> GENERATIONS =
            List.of("-gencode", "arch=compute_75,code=sm_75", "-gencode", "arch=compute_80,code=[sm_86,sm_89,sm_90]");

    @TempDir
    private static Path folder;

    private static Optional<Path> compiler = Optional.empty();

    @BeforeAll
    static void findCompiler() {
        String path = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/local/cuda/bin";
        compiler = Stream.of(path.split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, "nvcc"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Test
    void sourcesAreCompleteInThemselves() {
        for (KernelSource source : KernelSource.all()) {
            assertThat(source.text()).contains("#define TYPE ").doesNotContain("#include");
        }
        assertThat(KernelSource.of("up", DType.F16).text())
                .contains("#define TYPE F16\n#define SUFFIX f16\n#define BITS 16\n");
        assertThat(KernelSource.of("groupup", Encoding.Q4).text())
                .contains("#define TYPE Q4\n#define SUFFIX q4\n#define BITS 4\n");
        assertThat(KernelSource.holding("up_tensor_8_bf16")).isEqualTo(KernelSource.of("up", DType.BF16));
    }

    @Test
    void compileForEveryGenerationAndHoldEveryKernelThatIsLaunched() throws Exception {
        assumeTrue(compiler.isPresent(), "no nvcc on the PATH or in /usr/local/cuda/bin");
        Set<String> kernels = new TreeSet<>();
        try (Arena arena = Arena.ofConfined()) {
            for (int generation : new int[] {75, 90}) {
                RecordingLauncher launcher = new RecordingLauncher(generation);
                MemorySegment noted = arena.allocate(RangeWatch.BYTES, 8);
                MemorySegment scratch = arena.allocate(DeviceScratch.MIN_BYTES, 256);
                CudaOps ops = new CudaOps(launcher, null, scratch, new RangeWatch(noted), arena);
                new AllLaunches(arena).on(ops);
                noted.fill((byte) 1); // as if kernels had met numbers beyond F16's range
                assertThat(ops.mustRepeat()).isTrue();
                new AllLaunches(arena).on(ops);
                kernels.addAll(launcher.kernels());
            }
        }
        List<Callable<List<String>>> tasks = new ArrayList<>();
        for (KernelSource source : KernelSource.all()) {
            tasks.add(() -> problems(source, kernels));
        }
        List<String> problems = new ArrayList<>();
        try (ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            for (Future<List<String>> result : threads.invokeAll(tasks)) {
                problems.addAll(result.get());
            }
        }
        assertThat(problems).isEmpty();
    }

    /** What the compiler says, and which of the {@code kernels} that should be in the source are not. */
    private static List<String> problems(KernelSource source, Set<String> kernels) {
        String name = source.unit();
        try {
            Path text = Files.writeString(folder.resolve(name + ".cu"), source.text());
            Path binary = folder.resolve(name + ".fatbin");
            List<String> command =
                    new ArrayList<>(List.of(compiler.orElseThrow().toString(), "-fatbin", "-std=c++17"));
            command.addAll(GENERATIONS);
            command.addAll(List.of("-Xcicc", "-O0", "-Xptxas", "-O0", "-o", binary.toString(), text.toString()));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            List<String> problems = new ArrayList<>();
            if (process.waitFor() != 0 || !said.isBlank()) {
                problems.add(name + ": " + said);
                return problems;
            }
            String content = Files.readString(binary, StandardCharsets.ISO_8859_1);
            kernels.stream()
                    .filter(kernel -> KernelSource.holding(kernel).equals(source))
                    .filter(kernel -> !content.contains(kernel))
                    .forEach(kernel -> problems.add(name + " does not hold " + kernel));
            return problems;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
