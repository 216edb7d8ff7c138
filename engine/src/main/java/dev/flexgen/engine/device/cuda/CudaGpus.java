package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Environment;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.Ledger;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
            case Detection.Usable usable -> present(usable.gpus());
        };
    }

    private Finding present(List<DriverReport.Gpu> gpus) {
        Map<Integer, Long> used =
                MemoryFigures.used(gpus.stream().map(DriverReport.Gpu::index).toList());
        PageLocks locks = new PageLocks();
        return new Present(gpus.stream()
                .map(gpu -> new Gpu(
                        gpu.index(),
                        gpu.name(),
                        gpu.totalBytes() - used.getOrDefault(gpu.index(), 0L),
                        ledger -> open(gpu, ledger, locks)))
                .toList());
    }

    private CudaDevice open(DriverReport.Gpu gpu, Ledger ledger, PageLocks locks) {
        MemoryFigures figures = new MemoryFigures(gpu.index());
        OptionalLong before = figures.used();
        Driver driver = Driver.open(gpu.index(), gpu.name());
        long context = figures.growth(before);
        return CudaDevice.open(driver, ledger, context, cache.resolve("kernels"), CudaLibraries.of(environment), locks);
    }
}
