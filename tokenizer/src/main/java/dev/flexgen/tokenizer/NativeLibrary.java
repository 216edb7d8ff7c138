package dev.flexgen.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private final Path cacheDir;

    NativeLibrary(Path cacheDir) {
        this.cacheDir = cacheDir;
    }

    /** Begins to load the library beside other work; {@link #load} waits for it and reports what went wrong. */
    void loadAhead() {
        Thread.ofPlatform().daemon().name("tokenizer-library").start(() -> {
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
        System.setProperty("RUST_FLAVOR", "cpu");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ENGINE_CACHE_DIR", cacheDir.toAbsolutePath().toString());
        if (DJL_LOGGER.getLevel() == null) {
            DJL_LOGGER.setLevel(Level.WARNING); // its progress reports are no news for a user
        }
        try {
            Files.createDirectories(cacheDir);
        } catch (IOException e) {
            throw TokenizerException.library(
                    "Cannot create the folder " + cacheDir + " for the tokenizer's native library (" + e
                            + "): make it writable or choose another cache folder.",
                    e);
        }
        try {
            LibUtils.checkStatus();
        } catch (RuntimeException | LinkageError e) {
            throw TokenizerException.library(
                    "The tokenizer's native library cannot be loaded from " + cacheDir + " (" + rootCause(e)
                            + "): check that the folder is writable, has 20 MB free and may hold programs,"
                            + " and that the system has glibc 2.34 or newer.",
                    e);
        }
    }

    private static String rootCause(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return ModelFolder.firstLine(cause);
    }
}
