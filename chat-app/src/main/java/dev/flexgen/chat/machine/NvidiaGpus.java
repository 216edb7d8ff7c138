package dev.flexgen.chat.machine;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * NVIDIA's graphics processors, found without loading a library: the driver's own tool is asked where there is one, the
 * driver's folder in {@code /proc} otherwise, which knows no sizes.
 */
final class NvidiaGpus {

    private static final String TOOL = "nvidia-smi";
    private static final long PATIENCE_SECONDS = 3;
    private static final String MODEL = "Model:";

    private final Path driver;
    private final String searchPath;

    NvidiaGpus(Path driver, String searchPath) {
        this.driver = driver;
        this.searchPath = searchPath;
    }

    /** None where there is no driver, or it does not answer in time. */
    List<Gpu> find() {
        List<Gpu> gpus = tool().map(NvidiaGpus::ask).orElse(List.of());
        return gpus.isEmpty() ? inProc() : gpus;
    }

    private Optional<Path> tool() {
        for (String folder : searchPath.split(File.pathSeparator, -1)) {
            try {
                Path tool = Path.of(folder).resolve(TOOL);
                if (!folder.isEmpty() && Files.isExecutable(tool)) {
                    return Optional.of(tool);
                }
            } catch (InvalidPathException e) {
                // An entry that is no path leads nowhere.
            }
        }
        return Optional.empty();
    }

    private static List<Gpu> ask(Path tool) {
        try {
            // A few lines fit into the pipe, so that nobody needs to read before the tool has ended.
            Process process = new ProcessBuilder(
                            tool.toString(), "--query-gpu=name,memory.total", "--format=csv,noheader")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly(); // a driver that hangs
                return List.of();
            }
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.exitValue() == 0 ? parse(answer) : List.of();
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    /** Lines such as {@code NVIDIA H100 80GB HBM3, 81559 MiB}. */
    static List<Gpu> parse(String answer) {
        List<Gpu> gpus = new ArrayList<>();
        for (String line : answer.lines().toList()) {
            int comma = line.lastIndexOf(',');
            if (comma > 0) {
                gpus.add(new Gpu(
                        line.substring(0, comma).strip(),
                        mebibytes(line.substring(comma + 1).strip())));
            }
        }
        return gpus;
    }

    private static OptionalLong mebibytes(String text) {
        return text.matches("\\d{1,9} MiB")
                ? OptionalLong.of(Long.parseLong(text.substring(0, text.indexOf(' '))) << 20)
                : OptionalLong.empty();
    }

    private List<Gpu> inProc() {
        List<Gpu> gpus = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(driver)) {
            for (Path folder : folders) {
                Files.readAllLines(folder.resolve("information")).stream()
                        .filter(line -> line.startsWith(MODEL))
                        .map(line -> new Gpu(line.substring(MODEL.length()).strip(), OptionalLong.empty()))
                        .forEach(gpus::add);
            }
        } catch (IOException e) {
            return gpus; // no driver, or one that says no more
        }
        return gpus;
    }
}
