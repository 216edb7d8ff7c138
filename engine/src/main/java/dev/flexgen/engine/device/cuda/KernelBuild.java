package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Environment;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;

/**
 * Compiles all kernels for some generations of GPU when a release is built; needs no GPU. Run by the build alone, with the
 * output folder and the generations ("75") as its arguments; the compiler is found as it is when the program runs. Without a
 * compiler it leaves nothing, and the program compiles when it runs.
 */
public final class KernelBuild {

    private KernelBuild() {}

    public static void main(String[] arguments) throws IOException {
        Path target = Path.of(arguments[0]);
        try {
            Nvrtc.load(CudaLibraries.of(Environment.current()));
        } catch (EngineException e) {
            System.getLogger("kernels")
                    .log(System.Logger.Level.WARNING, "this build ships no GPU code: " + e.getMessage());
            return;
        }
        for (String capability : Arrays.copyOfRange(arguments, 1, arguments.length)) {
            compile(target, Integer.parseInt(capability));
        }
    }

    private static void compile(Path target, int capability) throws IOException {
        Path folder = Files.createDirectories(target.resolve(ShippedKernels.folder(capability)));
        Files.deleteIfExists(folder.resolve(ShippedKernels.COMPLETE));
        List<KernelSource> sources = KernelSource.all();
        sources.parallelStream().forEach(source -> compile(folder, source, capability));
        removeOthers(folder, sources.stream().map(ShippedKernels::fileName).toList());
        Files.createFile(folder.resolve(ShippedKernels.COMPLETE));
    }

    /** An earlier build's file of this name has this content. */
    private static void compile(Path folder, KernelSource source, int capability) {
        Path file = folder.resolve(ShippedKernels.fileName(source));
        if (Files.exists(file)) {
            return;
        }
        byte[] code = Nvrtc.loaded().compile(source.unit() + ".cu", source.text(), Nvrtc.options(capability));
        try {
            Path unfinished = Files.write(file.resolveSibling(file.getFileName() + ".new"), code);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void removeOthers(Path folder, List<String> wanted) throws IOException {
        try (var entries = Files.list(folder)) {
            for (Path entry : entries.toList()) {
                if (!wanted.contains(entry.getFileName().toString())) {
                    Files.delete(entry);
                }
            }
        }
    }
}
