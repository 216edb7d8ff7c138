package dev.flexgen.engine.model;

import java.util.ArrayList;
import java.util.List;

/** The layers of a model, first to last, as runs of equal blocks. Immutable. */
public record LayerStack(List<Run> runs) {

    /** Layers in a row that differ in nothing but their weights. */
    public record Run(Block block, int layers) {}

    public LayerStack {
        if (runs.isEmpty() || runs.stream().anyMatch(run -> run.layers() < 1)) {
            throw new IllegalArgumentException("a model has at least one layer");
        }
        List<Run> merged = new ArrayList<>();
        for (Run run : runs) {
            if (!merged.isEmpty() && merged.getLast().block().equals(run.block())) {
                run = new Run(run.block(), merged.removeLast().layers() + run.layers());
            }
            merged.add(run);
        }
        runs = List.copyOf(merged);
    }

    /** Layers that are all alike. */
    public static LayerStack of(Block block, int layers) {
        return new LayerStack(List.of(new Run(block, layers)));
    }

    public int layers() {
        return runs.stream().mapToInt(Run::layers).sum();
    }

    /** The block of layer {@code layer}, counted from 0. */
    public Block block(int layer) {
        int rest = layer;
        for (Run run : runs) {
            if (rest < run.layers()) {
                return run.block();
            }
            rest -= run.layers();
        }
        throw new IndexOutOfBoundsException("layer " + layer + " of " + layers());
    }
}
