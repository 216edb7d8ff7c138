package dev.flexgen.engine.device;

import dev.flexgen.engine.memory.Ledger;
import java.util.List;
import java.util.function.Function;

/** Where GPUs come from: the machine's driver, or a test. */
@FunctionalInterface
public interface GpuSource {

    /** None at all, as if the machine had none. */
    GpuSource NONE = () -> new Absent("this program was told of none", Absence.NO_GPU);

    /** The GPUs to compute with, not yet opened, or why there is none. Never throws. */
    Finding find();

    /** What was found. */
    sealed interface Finding {}

    /**
     * A GPU.
     *
     * @param number by which users choose it: the driver's
     * @param freeBytes of its memory, by the driver's word
     * @param opener opens it, with everything it takes entered in the ledger; may fail with an
     *     {@link dev.flexgen.engine.base.EngineException}
     */
    record Gpu(int number, String name, long freeBytes, Function<Ledger, Device> opener) {}

    /**
     * GPUs.
     *
     * @param gpus all that can compute, at least one, in the driver's order: the fastest first
     */
    record Present(List<Gpu> gpus) implements Finding {

        public Present {
            gpus = List.copyOf(gpus);
        }

        /** One. */
        public Present(String name, long freeBytes, Function<Ledger, Device> opener) {
            this(List.of(new Gpu(0, name, freeBytes, opener)));
        }
    }

    /**
     * There is no GPU to compute with.
     *
     * @param reason completes "no GPU is used: ..."
     */
    record Absent(String reason, Absence absence) implements Finding {}

    /** Whether a user should be told. */
    enum Absence {
        /** The machine has none, as far as can be seen. */
        NO_GPU,
        /** It has one that cannot be used as things are. */
        UNUSABLE
    }
}
