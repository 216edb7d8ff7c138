package dev.flexgen.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import dev.flexgen.config.PackedFile;
import dev.flexgen.config.UnpackedFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Loads the tokenizer library in the one way that suits a program which works offline and keeps to its own folders.
 * Left alone, DJL would look for a CUDA build and download it, ask a cloud service where it runs, and unpack into
 * {@code ~/.djl.ai}.
 */
final class NativeLibrary {

    /** Held, because the logging system forgets the level of a logger that nobody holds. */
    private static final Logger DJL_LOGGER = Logger.getLogger("ai.djl");

    /** One thread at a time loads, for the whole process. */
    private static final Lock LOADING = new ReentrantLock();

    private static boolean loaded; // guarded by LOADING

    private final Path cacheDir;

    NativeLibrary(Path cacheDir) {
        this.cacheDir = cacheDir;
    }

    /**
     * Begins to load the library beside other work; {@link #load} waits for it and reports what went wrong.
     *
     * @return the thread that loads; it writes into the cache folder until it ends
     */
    Thread loadAhead() {
        return Thread.ofPlatform().daemon().name("tokenizer-library").start(() -> {
            try {
                load();
            } catch (TokenizerException e) {
                // The call that needs the library fails in the same way and is the one to report it.
                DJL_LOGGER.log(Level.FINE, "loading ahead failed", e);
            }
        });
    }

    /**
     * Loads the library unless this process already has.
     *
     * @throws TokenizerException if it cannot be unpacked or loaded; the process cannot try again
     */
    void load() {
        LOADING.lock();
        try {
            if (!loaded) {
                loadNow();
                loaded = true;
            }
        } finally {
            LOADING.unlock();
        }
    }

    private void loadNow() {
        System.setProperty("RUST_FLAVOR", "cpu");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ENGINE_CACHE_DIR", cacheDir.toAbsolutePath().toString());
        if (DJL_LOGGER.getLevel() == null) {
            DJL_LOGGER.setLevel(Level.WARNING); // its progress reports are no news for a user
        }
        unpack();
        try {
            LibUtils.checkStatus();
        } catch (RuntimeException | LinkageError e) {
            throw TokenizerException.library(
                    "The tokenizer's native library cannot be loaded (" + rootCause(e) + "): check that " + cacheDir
                            + " may hold programs, and that the system has glibc 2.34 or newer and libstdc++.",
                    e);
        }
    }

    /**
     * DJL believes whatever file has the right name, and a damaged one ends the JVM; so it is given one that has been compared.
     * On a system for which there is none, DJL itself says so.
     */
    private void unpack() {
        String system = system();
        String file = System.mapLibraryName("tokenizers");
        if (system.startsWith("win") || LibUtils.class.getResource(resource(system, file)) == null) {
            return;
        }
        try {
            PackedFile library =
                    PackedFile.of(LibUtils.class, resource(system, file).substring(1));
            Path folder = cacheDir.resolve("tokenizers").resolve(library.version() + "-cpu-" + system);
            Path unpacked = UnpackedFiles.in(folder.toAbsolutePath(), List.of(library));
            System.setProperty("RUST_LIBRARY_PATH", unpacked.resolve(file).toString());
        } catch (IOException e) {
            throw TokenizerException.library(
                    "There is no place for the tokenizer's native library of 16 MB: " + e.getMessage()
                            + "; make room, or set XDG_CACHE_HOME to a folder of your own.",
                    e);
        }
    }

    private static String resource(String system, String file) {
        return "/native/lib/" + system + "/cpu/" + file;
    }

    /** As DJL names it. */
    private static String system() {
        String os = System.getProperty("os.name", "");
        String arch = System.getProperty("os.arch", "");
        return (os.startsWith("Win") ? "win" : os.startsWith("Mac") ? "osx" : "linux") + "-"
                + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static String rootCause(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return ModelFolder.firstLine(cause);
    }
}
