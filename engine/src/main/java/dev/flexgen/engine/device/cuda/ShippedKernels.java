package dev.flexgen.engine.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Machine code that was compiled when the program was built, by {@link KernelBuild}, for the generations of GPU that most people
 * have: those need no compiler. A build without it has none. The code of a source that has changed since is not found.
 */
final class ShippedKernels {

    /** In a folder of this name and the generation's. */
    static final String FOLDER = "kernels";

    /** A file that is written last. */
    static final String COMPLETE = "complete";

    private final Function<String, @Nullable InputStream> files;

    /** @param files opens one by its name; null where there is none */
    ShippedKernels(Function<String, @Nullable InputStream> files) {
        this.files = files;
    }

    static ShippedKernels ofProgram(int computeCapability) {
        return new ShippedKernels(
                name -> ShippedKernels.class.getResourceAsStream(folder(computeCapability) + "/" + name));
    }

    /** Whether no compiler is needed. */
    static boolean cover(int computeCapability) {
        return ShippedKernels.class.getResource(folder(computeCapability) + "/" + COMPLETE) != null;
    }

    static String folder(int computeCapability) {
        return FOLDER + "/sm_" + computeCapability;
    }

    static String fileName(KernelSource source) {
        return source.unit() + "-" + CubinCache.key(source.text(), "").substring(0, 16) + ".cubin";
    }

    Optional<byte[]> find(KernelSource source) {
        try (InputStream in = files.apply(fileName(source))) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the program's own jar
        }
    }
}
