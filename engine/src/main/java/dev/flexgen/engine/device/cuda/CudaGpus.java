package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Environment;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.cuda.DriverReport.Gpu;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The NVIDIA GPUs of this machine. Nothing of CUDA is touched before {@link #find()}, and nothing of it is loaded on a machine
 * that shows no sign of a driver.
 */
public final class CudaGpus implements GpuSource {

    /** What its kernels compute beside what every device does: all of it. */
    public static final Set<Capability> CAPABILITIES = Set.of(Capability.values());

    private final Environment environment;
    private final Path cache;

    /** @param cache folder for compiled kernels and native libraries; need not exist */
    public CudaGpus(Environment environment, Path cache) {
        this.environment = environment;
        this.cache = cache;
    }

    @Override
    public Finding find() {
        DriverFiles files = DriverFiles.ofThisMachine();
        // Not variable(): here a variable that is set to nothing has a meaning of its own.
        Optional<String> visible = Optional.ofNullable(environment.variables().get("CUDA_VISIBLE_DEVICES"));
        return Detection.beforeLoading(files, visible)
                .<Finding>map(absent -> absent)
                .orElseGet(this::load);
    }

    private Finding load() {
        DriverReport report = NativeProbe.probe(cache.resolve("native"), CudaLibraries.of(environment));
        return switch (Detection.of(report)) {
            case Detection.Unusable unusable -> new Absent(unusable.reason(), Absence.UNUSABLE);
            case Detection.Usable usable -> present(usable.gpu());
        };
    }

    private Finding present(Gpu gpu) {
        MemoryFigures figures = new MemoryFigures(gpu.index());
        OptionalLong used = figures.used();
        return new Present(gpu.name(), gpu.totalBytes() - used.orElse(0), ledger -> {
            Driver driver = Driver.open(gpu.index(), gpu.name());
            long context = figures.growth(used);
            return CudaDevice.open(driver, ledger, context, cache.resolve("kernels"), CudaLibraries.of(environment));
        });
    }
}
