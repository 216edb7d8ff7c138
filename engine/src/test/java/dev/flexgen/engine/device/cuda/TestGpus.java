package dev.flexgen.engine.device.cuda;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.flexgen.config.Environment;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.Ledger;
import java.nio.file.Path;

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
            return gpu.opener().apply(ledger);
        }
        throw new IllegalStateException("the GPU has gone");
    }
}
