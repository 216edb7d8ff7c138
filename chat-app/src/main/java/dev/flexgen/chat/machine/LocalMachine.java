package dev.flexgen.chat.machine;

import dev.flexgen.engine.Machine;
import dev.flexgen.engine.ModelFitter;
import java.nio.file.Path;
import java.util.function.Supplier;

/** The machine that the program runs on. */
public final class LocalMachine implements MachineProbe {

    private final NvidiaGpus named;
    private final Supplier<ModelFitter> engine;

    /**
     * The machine as models would be opened on it.
     *
     * @param path the value of the variable {@code PATH}, where the driver's own tool is looked for
     * @param engine measures
     */
    public LocalMachine(String path, Supplier<ModelFitter> engine) {
        this.named = new NvidiaGpus(Path.of("/proc/driver/nvidia/gpus"), path);
        this.engine = engine;
    }

    @Override
    public MachineReport look() {
        return new MachineReport(
                Runtime.getRuntime().availableProcessors(),
                Machine.hostBytes(),
                Machine.availableHostBytes(),
                named.find(),
                engine.get());
    }
}
