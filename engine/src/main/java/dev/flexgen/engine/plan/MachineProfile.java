package dev.flexgen.engine.plan;

import dev.flexgen.engine.base.EngineException;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A machine as plans see it: plain data, found on this computer or made up. What is free may change after it was taken.
 *
 * @param found who would compute
 * @param budget what a model may take
 */
public record MachineProfile(Found found, Budget budget) {

    /** Who would compute. */
    public sealed interface Found {

        /**
         * A GPU, with the processor beside it.
         *
         * @param name of the GPU
         * @param rates if measured
         */
        record WithGpu(String name, Optional<Bandwidths> rates) implements Found {}

        /**
         * The processor.
         *
         * @param reason why no GPU does, as half a sentence
         * @param hostReadBytesPerSecond if measured
         */
        record ProcessorAlone(String reason, OptionalDouble hostReadBytesPerSecond) implements Found {}

        /** Nobody: no model can be opened, for the reason of this sentence. */
        record Nobody(EngineException.Kind kind, String sentence) implements Found {}
    }

    /** A machine on which no model can be opened. */
    public static MachineProfile nobody(EngineException.Kind kind, String sentence) {
        return new MachineProfile(new Found.Nobody(kind, sentence), new Budget(0, 1, 0, false));
    }

    /** How fast the processor's threads read host memory, if measured. */
    public OptionalDouble hostReadBytesPerSecond() {
        return switch (found) {
            case Found.WithGpu gpu ->
                gpu.rates().map(it -> OptionalDouble.of(it.hostRead())).orElse(OptionalDouble.empty());
            case Found.ProcessorAlone alone -> alone.hostReadBytesPerSecond();
            case Found.Nobody _ -> OptionalDouble.empty();
        };
    }
}
