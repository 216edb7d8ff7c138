package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.base.EngineException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The vectors that all kernels compute with. Constants, because the compiler must know them; tests choose others than the
 * processor's widest with the system properties {@value #WIDTH_PROPERTY} (128, 256 or 512) and {@value #FMA_PROPERTY} (false).
 */
final class VectorUnit {

    static final String WIDTH_PROPERTY = "flexgen.vectorBits";
    static final String FMA_PROPERTY = "flexgen.fma";

    static final VectorSpecies<Float> FLOATS = floats(System.getProperty(WIDTH_PROPERTY));
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

    /** As many as {@link #FLOATS}, in half the bits. */
    static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    /** Whether multiply-add is an instruction. */
    static final boolean FMA = fma(System.getProperty(FMA_PROPERTY));

    private VectorUnit() {}

    private static VectorSpecies<Float> floats(@Nullable String bits) {
        if (bits == null) {
            return FloatVector.SPECIES_PREFERRED;
        }
        if (!List.of("128", "256", "512").contains(bits)) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "The system property " + WIDTH_PROPERTY + " is " + bits + ", expected 128, 256 or 512",
                    null);
        }
        return VectorSpecies.of(float.class, VectorShape.forBitSize(Integer.parseInt(bits)));
    }

    private static boolean fma(@Nullable String property) {
        return property == null ? !lacksFma(Path.of("/proc/cpuinfo")) : Boolean.parseBoolean(property);
    }

    /** Whether the system lists the processor's instructions, and multiply-add is not among them. */
    static boolean lacksFma(Path processorFacts) {
        try (BufferedReader lines = Files.newBufferedReader(processorFacts, StandardCharsets.US_ASCII)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("flags")) { // of x86; every 64-bit ARM has the instruction
                    return !List.of(line.split("\\s+", -1)).contains("fma");
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }
}
