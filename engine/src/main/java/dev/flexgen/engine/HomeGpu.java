package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.GpuSource.Absence;
import dev.flexgen.engine.device.GpuSource.Absent;
import dev.flexgen.engine.device.GpuSource.Present;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import java.util.Optional;

/** The GPU that computes if options and machine allow it, or why the processor does alone. */
sealed interface HomeGpu {

    /** Without a limit, this much of the free memory stays free, for the desktop and whoever comes next. */
    long LEAST_SPARE_BYTES = 256L << 20;

    int SPARE_SHARE = 32;

    /**
     * A GPU, with what it takes for itself entered in the ledger.
     *
     * @param device closed by whoever opened it
     * @param model the GPU's name alone
     */
    record Open(Device device, String model) implements HomeGpu {}

    /**
     * None.
     *
     * @param reason half a sentence that completes "no GPU is used: ..."
     * @param absence whether a user who did not ask should be told
     */
    record None(String reason, Absence absence) implements HomeGpu {}

    /**
     * Opens it, and caps the ledger as {@code options} say.
     *
     * @throws EngineException of kind DEVICE if a GPU is demanded and there is none, or it fails; of kind PLACEMENT if it has too
     *     little memory to be opened
     */
    static HomeGpu open(EngineOptions options, GpuSource gpus, Ledger ledger) {
        if (options.device() == DeviceChoice.CPU) {
            return new None("the settings say --device cpu", Absence.NO_GPU);
        }
        return switch (gpus.find()) {
            case Present gpu -> open(gpu, options, ledger);
            case Absent none -> absent(none, options.device());
        };
    }

    /** More than is free cannot be had, whatever is allowed: what lies beyond belongs to the plan's other tiers. */
    private static Open open(Present gpu, EngineOptions options, Ledger ledger) {
        long asked = options.limits().gpuBytes();
        long spare = Math.max(LEAST_SPARE_BYTES, gpu.freeBytes() / SPARE_SHARE);
        long most = asked > 0 ? Math.min(asked, gpu.freeBytes()) : gpu.freeBytes() - spare;
        ledger.cap(Tier.GPU, Math.max(1, most));
        return new Open(gpu.opener().apply(ledger), gpu.name());
    }

    private static None absent(Absent none, DeviceChoice choice) {
        if (choice == DeviceChoice.CUDA) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "No GPU can be used: " + none.reason() + "; use --device cpu to do without",
                    null);
        }
        return new None(none.reason(), none.absence());
    }

    /** The opened GPU. */
    default Optional<Device> gpu() {
        return switch (this) {
            case Open open -> Optional.of(open.device());
            case None _ -> Optional.empty();
        };
    }

    /** What a user should be told of a GPU that is there and not used. */
    default Optional<String> note() {
        return this instanceof None none && none.absence() == Absence.UNUSABLE
                ? Optional.of("the processor computes alone: " + none.reason())
                : Optional.empty();
    }
}
