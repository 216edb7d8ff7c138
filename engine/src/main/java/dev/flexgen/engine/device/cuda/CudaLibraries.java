package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the libraries of an installed CUDA toolkit. The system's loader searches only its own folders, so a library in another
 * folder is loaded here by its path before anything needs it by name.
 *
 * @param folders to look into, in this order
 */
record CudaLibraries(List<Path> folders) {

    private static final List<String> TOOLKIT_FOLDERS = List.of("lib64", "lib", "targets/x86_64-linux/lib");

    CudaLibraries {
        folders = List.copyOf(folders);
    }

    static CudaLibraries of(Environment environment) {
        return of(environment, List.of(Path.of("/usr/local"), Path.of("/opt")));
    }

    /**
     * What the user names goes first, and among toolkits in the usual places the latest.
     *
     * @param roots folders that hold {@code cuda} or {@code cuda-13.1}
     */
    static CudaLibraries of(Environment environment, List<Path> roots) {
        List<Path> folders = new ArrayList<>();
        // Those may hold a driver's library of another version, or an empty shell of one, for linking: both hide the
        // real one.
        environment.variable("LD_LIBRARY_PATH").stream()
                .flatMap(path -> Stream.of(path.split(":")))
                .filter(folder -> folder.startsWith("/") && !folder.matches(".*/(stubs|compat)(/.*)?"))
                .forEach(folder -> folders.add(Path.of(folder)));
        Stream.of("CUDA_HOME", "CUDA_PATH")
                .flatMap(name -> environment.variable(name).stream())
                .forEach(toolkit -> addToolkit(folders, environment.path(toolkit)));
        for (Path root : roots) {
            addToolkit(folders, root.resolve("cuda"));
            versions(root).forEach(toolkit -> addToolkit(folders, toolkit));
        }
        return new CudaLibraries(folders);
    }

    private static void addToolkit(List<Path> folders, Path toolkit) {
        TOOLKIT_FOLDERS.forEach(folder -> folders.add(toolkit.resolve(folder)));
    }

    private static List<Path> versions(Path root) {
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith("cuda-13"))
                    .sorted(Comparator.comparing(Path::toString).reversed())
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** @param library "libcudart.so.13"; a file of a longer version will do */
    Optional<Path> find(String library) {
        return folders.stream().flatMap(folder -> in(folder, library).stream()).findFirst();
    }

    private static Optional<Path> in(Path folder, String library) {
        Path exact = folder.resolve(library);
        if (Files.isRegularFile(exact)) {
            return Optional.of(exact);
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith(library + "."))
                    .max(Comparator.naturalOrder());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Loads those that are found, in this order; whoever needs one that is not will say so. */
    @SuppressWarnings("restricted") // the purpose of this class
    void load(String... libraries) {
        for (String library : libraries) {
            Optional<Path> file = find(library);
            if (file.isPresent()) {
                try {
                    System.load(file.get().toString());
                } catch (UnsatisfiedLinkError e) {
                    return; // of another system, or damaged: the loader's own search may find a better one
                }
            }
        }
    }
}
