package dev.flexgen.engine.device.cuda;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.flexgen.config.Environment;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.Ledger;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** The machine's GPU for tests tagged {@code gpu}, which skip themselves, with the reason, where there is none. */
public final class TestGpus {

    private static final Path CACHE = Path.of(System.getProperty("java.io.tmpdir"), "flexgen-test-kernels");

    private TestGpus() {}

    /** The source of this machine's GPU. */
    public static GpuSource source() {
        GpuSource source = new CudaGpus(Environment.current(), CACHE);
        if (source.find() instanceof GpuSource.Absent none) {
            abort("no GPU: " + none.reason());
        }
        return source;
    }

    /** The opened GPU. */
    public static Device open(Ledger ledger) {
        if (source().find() instanceof GpuSource.Present gpu) {
            return gpu.gpus().getFirst().opener().apply(ledger);
        }
        throw new IllegalStateException("the GPU has gone");
    }

    /** As many GPUs as that on this machine's first card: each is opened for itself and has an even part of its memory. */
    public static GpuSource onOneCard(int count) {
        if (!(source().find() instanceof GpuSource.Present(var cards))) {
            throw new IllegalStateException("the GPU has gone");
        }
        GpuSource.Gpu card = cards.getFirst();
        return () -> new GpuSource.Present(IntStream.range(0, count)
                .mapToObj(i -> new GpuSource.Gpu(i, card.name(), card.freeBytes() / count, card.opener()))
                .toList());
    }
}
