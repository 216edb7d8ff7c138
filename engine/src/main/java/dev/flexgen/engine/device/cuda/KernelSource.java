package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A kernel file of this package's resources for one element type, complete in itself: the shared header is part of the text and
 * nothing else is included, so that NVRTC needs no headers. C++17. The unit of compilation: a model needs the few of its own type.
 *
 * @param file name without directory and ending: "up"
 */
record KernelSource(String file, DType dtype, String text) {

    private static final String HEADER = "common.cuh";

    /** All kernel files. */
    static final List<String> FILES = List.of("rows", "up", "down", "attend", "prefill", "product");

    static KernelSource of(String file, DType dtype) {
        String suffix = suffix(dtype);
        String text =
                "#define TYPE " + suffix.toUpperCase(Locale.ROOT) + "\n#define SUFFIX " + suffix + "\n#define BITS "
                        + 8 * dtype.bytes() + "\n"
                        + read(file + ".cu").replace("#include \"" + HEADER + "\"", read(HEADER));
        return new KernelSource(file, dtype, text);
    }

    /** All that there is to compile for a GPU. */
    static List<KernelSource> all() {
        return FILES.stream()
                .flatMap(file -> Arrays.stream(DType.values()).map(dtype -> of(file, dtype)))
                .toList();
    }

    /** The source that holds a kernel: names are {@code file_variant_type}. */
    static KernelSource holding(String kernel) {
        String file = kernel.substring(0, kernel.indexOf('_'));
        return of(file, dtype(kernel.substring(kernel.lastIndexOf('_') + 1)));
    }

    /** A name for file and element type together: "up_f16". */
    String unit() {
        return file + "_" + suffix(dtype);
    }

    /** How kernel names end. */
    static String suffix(DType dtype) {
        return dtype.name().toLowerCase(Locale.ROOT);
    }

    private static DType dtype(String suffix) {
        return Arrays.stream(DType.values())
                .filter(dtype -> suffix(dtype).equals(suffix))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no element type " + suffix));
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
