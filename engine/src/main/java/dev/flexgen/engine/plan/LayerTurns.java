package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Which GPU has which layer: the GPUs of a machine compute a model's layers in turn.
 *
 * @param homes index of the GPU for each layer
 */
record LayerTurns(List<Integer> homes) {

    LayerTurns {
        homes = List.copyOf(homes);
    }

    /** One GPU has them all. */
    static LayerTurns alone(int layers, int gpu) {
        return new LayerTurns(Collections.nCopies(layers, gpu));
    }

    /** Each GPU has its layers behind each other, so that the residual stream moves as seldom as can be. */
    static LayerTurns inBlocks(List<Integer> counts) {
        List<Integer> homes = new ArrayList<>();
        for (int gpu = 0; gpu < counts.size(); gpu++) {
            homes.addAll(Collections.nCopies(counts.get(gpu), gpu));
        }
        return new LayerTurns(homes);
    }

    /** GPUs take turns as often as can be: while one computes, the buses of the others bring what comes next. */
    static LayerTurns alternating(List<Integer> counts) {
        int layers = counts.stream().mapToInt(Integer::intValue).sum();
        int[] taken = new int[counts.size()];
        List<Integer> homes = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            int next = 0;
            for (int gpu = 1; gpu < taken.length; gpu++) {
                if (behind(counts, taken, gpu, layer) > behind(counts, taken, next, layer)) {
                    next = gpu;
                }
            }
            taken[next]++;
            homes.add(next);
        }
        return new LayerTurns(homes);
    }

    /** How many layers more a GPU should have by now, times the number of layers. */
    private static long behind(List<Integer> counts, int[] taken, int gpu, int layer) {
        int layers = counts.stream().mapToInt(Integer::intValue).sum();
        return (long) counts.get(gpu) * (layer + 1) - (long) taken[gpu] * layers;
    }

    /**
     * Layers for each GPU, in proportion to its room as closely as whole layers allow: if all fit in any way, they fit in this.
     *
     * @param rooms by GPU; those without room get none, unless none has any
     */
    static List<Integer> counts(int layers, List<Double> rooms) {
        int[] counts = new int[rooms.size()];
        for (int layer = 0; layer < layers; layer++) {
            int next = 0;
            for (int gpu = 1; gpu < counts.length; gpu++) {
                if (fill(counts[gpu] + 1, rooms.get(gpu)) < fill(counts[next] + 1, rooms.get(next))) {
                    next = gpu;
                }
            }
            counts[next]++;
        }
        return Arrays.stream(counts).boxed().toList();
    }

    private static double fill(int layers, double room) {
        return room <= 0 ? Double.MAX_VALUE : layers / room;
    }

    int layers(int gpu) {
        return Collections.frequency(homes, gpu);
    }

    /** Those that have layers, in order. */
    List<Integer> gpus() {
        return homes.stream().distinct().sorted().toList();
    }

    int last() {
        return homes.getLast();
    }

    /** Whether GPUs have turns so often that all their buses are busy all the time. */
    boolean alternates() {
        int changes = 0;
        for (int i = 1; i < homes.size(); i++) {
            changes += homes.get(i).equals(homes.get(i - 1)) ? 0 : 1;
        }
        return changes >= gpus().size();
    }
}
