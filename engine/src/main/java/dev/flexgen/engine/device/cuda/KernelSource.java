package dev.flexgen.engine.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A kernel file of this package's resources, complete in itself: the shared header is part of the text and nothing else is
 * included, so that NVRTC needs no headers.
 *
 * @param file name without directory: "up.cu"
 */
record KernelSource(String file, String text) {

    private static final String HEADER = "common.cuh";
    private static final List<String> FILES =
            List.of("rows.cu", "up.cu", "down.cu", "product.cu", "attention.cu", "prefill.cu");

    /** All of them. Kernels are found by name over all; each file is compiled by itself, several at a time if wished. */
    static List<KernelSource> all() {
        String header = read(HEADER);
        String include = "#include \"" + HEADER + "\"";
        return FILES.stream()
                .map(file -> new KernelSource(file, read(file).replace(include, header)))
                .toList();
    }

    private static String read(String file) {
        try (InputStream in = KernelSource.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("resource " + file + " is missing from this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
