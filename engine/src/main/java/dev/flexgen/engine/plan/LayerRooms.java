package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Divides layers among GPUs by the room that each has.
 *
 * @param whole footprint of the plan that has the whole model on the first GPU
 */
record LayerRooms(Planner planner, Footprint whole) {

    /** Ways to have the whole model on GPUs: on another one than the first, or on more and more of them. Made when asked for. */
    Stream<LayerTurns> forWhole() {
        return Stream.concat(
                planner.gpus().skip(1).mapToObj(gpu -> LayerTurns.alone(planner.layers(), gpu)),
                IntStream.rangeClosed(2, planner.budget().gpus().size()).mapToObj(this::inBlocks));
    }

    /** Ways to have a part of each layer on its GPU: on one, on all behind each other, or by turns. */
    List<LayerTurns> forParts() {
        LayerTurns blocks = inBlocks();
        return Stream.of(
                        alone(),
                        blocks,
                        LayerTurns.alternating(
                                planner.gpus().mapToObj(blocks::layers).toList()),
                        LayerTurns.alternating(even(planner.budget().gpus().size())))
                .distinct()
                .toList();
    }

    /** The same where turns gain nothing, because nothing is brought ahead of its use. */
    List<LayerTurns> forFetchedParts() {
        return Stream.of(alone(), inBlocks()).distinct().toList();
    }

    private LayerTurns alone() {
        return LayerTurns.alone(
                planner.layers(),
                planner.gpus()
                        .boxed()
                        .max(Comparator.comparingLong(planner::gpuBytes))
                        .orElseThrow());
    }

    private LayerTurns inBlocks() {
        return inBlocks(planner.budget().gpus().size());
    }

    /** On the first few GPUs. What is not of a layer (tables, activations, buffers) takes what a dry run of an even division says. */
    private LayerTurns inBlocks(int few) {
        LayerTurns even = LayerTurns.inBlocks(even(few));
        if (few == 1) {
            return even;
        }
        List<Long> peaks = planner.meter().gpuPeaksAbout(Plan.onDevices(planner.spec(), Tier.GPU, even.homes()));
        List<Double> rooms = new ArrayList<>();
        for (int gpu = 0; gpu < few; gpu++) {
            rooms.add(planner.gpuBytes(gpu) - peaks.get(gpu) + even.layers(gpu) * layerBytes());
        }
        return LayerTurns.inBlocks(LayerTurns.counts(planner.layers(), rooms));
    }

    private List<Integer> even(int few) {
        return LayerTurns.counts(planner.layers(), Collections.nCopies(few, 1.0));
    }

    /** Weights, keys and values of a layer, on average. */
    private double layerBytes() {
        long head = whole.blockBytes(new BlockId(planner.layers(), Component.VOCABULARY, 0));
        return (double) (whole.modelBytes() - head) / planner.layers();
    }
}
