package dev.flexgen.engine.measure;

import dev.flexgen.engine.memory.AvailableMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a machine's figures depend on, as a line that is compared and shown. Reads files of Linux; other systems have less to say. */
public final class Hardware {

    private static final String MODEL = "model name";
    private static final List<String> WANTED = List.of("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "amx_int8");
    private static final String DRIVER = "Kernel Module";

    private Hardware() {}

    /**
     * This computer: {@code AMD EPYC, 2 cores, 24 GB; 2 threads; NVIDIA H200, driver 580.159.04}.
     *
     * @param threads that compute
     * @param gpus names of those that compute
     */
    public static String line(int threads, List<String> gpus) {
        return line(Path.of("/"), Runtime.getRuntime().availableProcessors(), threads, gpus);
    }

    static String line(Path root, int cores, int threads, List<String> gpus) {
        long bytes = AvailableMemory.totalBytes().orElse(0);
        // Not formatted: that would load languages and their numbers at every start.
        String line = processor(root) + ", " + counted(cores, "core") + ", " + Math.round(bytes / 1e9) + " GB; "
                + counted(threads, "thread");
        return gpus.isEmpty() ? line : line + "; " + String.join(" and ", gpus) + driver(root);
    }

    private static String counted(int count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    /** The processor's name; its architecture where the system does not say. */
    public static String processor() {
        return processor(Path.of("/"));
    }

    /** Those of the processor's instructions that the engine gains from, as the system names them. */
    public static List<String> features() {
        List<String> flags = firstLine(Path.of("/proc/cpuinfo"), "flags")
                .map(line -> List.of(line.split("\\s+", -1)))
                .orElse(List.of());
        return WANTED.stream().filter(flags::contains).toList();
    }

    private static String processor(Path root) {
        return firstLine(root.resolve("proc/cpuinfo"), MODEL)
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(System.getProperty("os.arch", "unknown processor"));
    }

    /** The first number with dots of a line such as {@code NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.159.04  Tue ...}. */
    private static String driver(Path root) {
        return firstLine(root.resolve("proc/driver/nvidia/version"), DRIVER)
                .map(line -> line.substring(line.indexOf(DRIVER) + DRIVER.length())
                        .strip()
                        .split("\\s+", -1)[0])
                .map(version -> ", driver " + version)
                .orElse("");
    }

    private static Optional<String> firstLine(Path file, String text) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.contains(text)).findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
