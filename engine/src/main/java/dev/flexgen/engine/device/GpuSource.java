package dev.flexgen.engine.device;

import dev.flexgen.engine.memory.Ledger;
import java.util.function.Function;

/** Where GPUs come from: the machine's driver, or a test. */
@FunctionalInterface
public interface GpuSource {

    /** None at all, as if the machine had none. */
    GpuSource NONE = () -> new Absent("this program was told of none", Absence.NO_GPU);

    /** The GPU to compute with, not yet opened, or why there is none. Never throws. */
    Finding find();

    /** What was found. */
    sealed interface Finding {}

    /**
     * A GPU.
     *
     * @param freeBytes of its memory, by the driver's word
     * @param opener opens it, with everything it takes entered in the ledger; may fail with an
     *     {@link dev.flexgen.engine.base.EngineException}
     */
    record Present(String name, long freeBytes, Function<Ledger, Device> opener) implements Finding {}

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
