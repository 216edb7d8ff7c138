package dev.flexgen.engine.plan;

import dev.flexgen.engine.base.EngineException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A machine as it is now: who would compute, what a model may take, and how fast everything is. What is free may change after it
 * was taken.
 *
 * @param found who would compute
 * @param budget what a model may take, of the same GPUs
 * @param profile how fast memories, buses and devices are, if that is known
 */
public record MachineState(Found found, Budget budget, Optional<MachineProfile> profile) {

    /** Who would compute. */
    public sealed interface Found {

        /** {@code 0 (NVIDIA H200) and 1 (NVIDIA H200)}. */
        static String list(List<NamedGpu> gpus) {
            return gpus.stream()
                    .map(gpu -> gpu.number() + " (" + gpu.name() + ")")
                    .collect(Collectors.joining(" and "));
        }

        /** Names, those that are there several times with their number: {@code 2 x NVIDIA H200 and NVIDIA L4}. */
        static String counted(List<String> names) {
            return names.stream()
                    .distinct()
                    .map(name -> {
                        int times = Collections.frequency(names, name);
                        return times == 1 ? name : times + " x " + name;
                    })
                    .collect(Collectors.joining(" and "));
        }

        /**
         * GPUs, with the processor beside them.
         *
         * @param gpus in the order that plans mean, at least one
         * @param unused others that could be used
         */
        record WithGpus(List<NamedGpu> gpus, List<NamedGpu> unused) implements Found {

            public WithGpus {
                gpus = List.copyOf(gpus);
                unused = List.copyOf(unused);
            }

            /** One of one. */
            public WithGpus(String name) {
                this(List.of(new NamedGpu(0, name)), List.of());
            }

            /** Those that compute: {@code NVIDIA H200}, {@code 2 x NVIDIA H200}. */
            public String names() {
                return counted(gpus.stream().map(NamedGpu::name).toList());
            }
        }

        /**
         * The processor.
         *
         * @param reason why no GPU does, as half a sentence
         */
        record ProcessorAlone(String reason) implements Found {}

        /** Nobody: no model can be opened, for the reason of this sentence. */
        record Nobody(EngineException.Kind kind, String sentence) implements Found {}
    }

    /**
     * A GPU as users know it.
     *
     * @param number by which they choose it
     */
    public record NamedGpu(int number, String name) {}

    /** A machine on which no model can be opened. */
    public static MachineState nobody(EngineException.Kind kind, String sentence) {
        return new MachineState(new Found.Nobody(kind, sentence), new Budget(List.of(), 0, false), Optional.empty());
    }

    /** Whether a GPU computes. */
    public boolean hasGpu() {
        return found instanceof Found.WithGpus;
    }
}
