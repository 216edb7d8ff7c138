package dev.flexgen.engine.device.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Machine code of kernels: shipped with the program, out of the cache, or compiled. Where one file of an encoding has to be
 * compiled, the others will be asked for soon, so all are begun at once, each on a thread of its own. Owned by the thread that owns the device.
 */
final class KernelCode {

    /** Compiles the text of a kernel file. */
    @FunctionalInterface
    interface Compiler {
        byte[] compile(String name, String text);
    }

    /** Seconds of work, and never needed where cuBLAS is: compiled only when asked for. */
    private static final Set<String> RARE = Set.of("product");

    private final ShippedKernels shipped;
    private final CubinCache cache;
    private final Supplier<String> settings;
    private final Compiler compiler;
    private final Executor executor;
    private final Map<String, CompletableFuture<byte[]>> compiling = new HashMap<>();

    /** @param settings whatever decides, beside the text, what the compiler makes; asked for when there is need of a compiler */
    KernelCode(
            ShippedKernels shipped, CubinCache cache, Supplier<String> settings, Compiler compiler, Executor executor) {
        this.shipped = shipped;
        this.cache = cache;
        this.settings = settings;
        this.compiler = compiler;
        this.executor = executor;
    }

    /** What is shipped for one GPU, and NVIDIA's compiler. Its threads keep no program from ending. */
    static KernelCode forGpu(CubinCache cache, int computeCapability) {
        String[] options = Nvrtc.options(computeCapability);
        return new KernelCode(
                ShippedKernels.ofProgram(computeCapability),
                cache,
                () -> Nvrtc.loaded().version() + " " + String.join(" ", options),
                (name, text) -> Nvrtc.loaded().compile(name, text, options),
                task -> Thread.ofPlatform().daemon().name("kernel compiler").start(task));
    }

    /**
     * The code of {@code source}.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE if it cannot be compiled
     */
    byte[] of(KernelSource source) {
        Optional<byte[]> known = begin(source);
        if (known.isPresent()) {
            return known.get();
        }
        for (String file : KernelSource.files(source.encoding())) {
            if (!RARE.contains(file)) {
                begin(KernelSource.of(file, source.encoding()));
            }
        }
        try {
            return Objects.requireNonNull(compiling.get(source.unit())).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** What is shipped or in the cache; otherwise a compilation is under way. */
    private Optional<byte[]> begin(KernelSource source) {
        Optional<byte[]> ready = shipped.find(source);
        if (ready.isPresent()) {
            return ready;
        }
        if (compiling.containsKey(source.unit())) {
            return Optional.empty();
        }
        String key = CubinCache.key(source.text(), settings.get());
        Optional<byte[]> known = cache.find(key);
        if (known.isEmpty()) {
            compiling.put(source.unit(), CompletableFuture.supplyAsync(() -> compile(source, key), executor));
        }
        return known;
    }

    private byte[] compile(KernelSource source, String key) {
        byte[] code = compiler.compile(source.unit() + ".cu", source.text());
        cache.put(key, code);
        return code;
    }
}
