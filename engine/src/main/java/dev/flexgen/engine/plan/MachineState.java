package dev.flexgen.engine.plan;

import dev.flexgen.engine.base.EngineException;
import java.util.Optional;

/**
 * A machine as it is now: who would compute, what a model may take, and how fast everything is. What is free may change after it
 * was taken.
 *
 * @param found who would compute
 * @param budget what a model may take
 * @param profile how fast memories, buses and devices are, if that is known
 */
public record MachineState(Found found, Budget budget, Optional<MachineProfile> profile) {

    /** Who would compute. */
    public sealed interface Found {

        /**
         * A GPU, with the processor beside it.
         *
         * @param name of the GPU
         */
        record WithGpu(String name) implements Found {}

        /**
         * The processor.
         *
         * @param reason why no GPU does, as half a sentence
         */
        record ProcessorAlone(String reason) implements Found {}

        /** Nobody: no model can be opened, for the reason of this sentence. */
        record Nobody(EngineException.Kind kind, String sentence) implements Found {}
    }

    /** A machine on which no model can be opened. */
    public static MachineState nobody(EngineException.Kind kind, String sentence) {
        return new MachineState(new Found.Nobody(kind, sentence), new Budget(0, 1, 0, false), Optional.empty());
    }

    /** Whether a GPU computes. */
    public boolean hasGpu() {
        return found instanceof Found.WithGpu;
    }
}
