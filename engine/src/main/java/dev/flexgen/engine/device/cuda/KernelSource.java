package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel file of this package's resources for one encoding, complete in itself: the shared headers are part of the text and
 * nothing else is included, so that NVRTC needs no headers. C++17. The unit of compilation: a model needs the few of its own
 * encodings.
 *
 * @param file name without directory and ending: "up"
 */
record KernelSource(String file, Encoding encoding, String text) {

    private static final Pattern INCLUDE = Pattern.compile("#include \"(\\w+\\.cuh)\"");

    private static final List<String> PLAIN_FILES =
            List.of("rows", "up", "down", "attend", "prefill", "scored", "product");
    private static final List<String> GROUP_FILES = List.of("grouprows", "groupup", "groupdown");

    /** The kernel files for an encoding. */
    static List<String> files(Encoding encoding) {
        return switch (encoding) {
            case Encoding.Plain plain -> PLAIN_FILES;
            case Encoding.Grouped grouped -> GROUP_FILES;
        };
    }

    static KernelSource of(String file, DType dtype) {
        return of(file, Encoding.of(dtype));
    }

    static KernelSource of(String file, Encoding encoding) {
        String suffix = encoding.name();
        String text =
                "#define TYPE " + suffix.toUpperCase(Locale.ROOT) + "\n#define SUFFIX " + suffix + "\n#define BITS "
                        + bits(encoding) + "\n"
                        + INCLUDE.matcher(read(file + ".cu"))
                                .replaceAll(header -> Matcher.quoteReplacement(read(header.group(1))));
        return new KernelSource(file, encoding, text);
    }

    /** Of one number. */
    private static int bits(Encoding encoding) {
        return switch (encoding) {
            case Encoding.Plain plain -> 8 * plain.dtype().bytes();
            case Encoding.Grouped grouped -> grouped.bits();
        };
    }

    /** All that there is to compile for a GPU. */
    static List<KernelSource> all() {
        return Encoding.ALL.stream()
                .flatMap(encoding -> files(encoding).stream().map(file -> of(file, encoding)))
                .toList();
    }

    /** The source that holds a kernel: names are {@code file_variant_encoding}. */
    static KernelSource holding(String kernel) {
        String file = kernel.substring(0, kernel.indexOf('_'));
        return of(file, encoding(kernel.substring(kernel.lastIndexOf('_') + 1)));
    }

    /** A name for file and encoding together: "up_f16". */
    String unit() {
        return file + "_" + encoding.name();
    }

    private static Encoding encoding(String name) {
        return Encoding.ALL.stream()
                .filter(encoding -> encoding.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no encoding " + name));
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
