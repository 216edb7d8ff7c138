package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The block of a shard of experts, one behind the other; each begins a page, so that it can be read alone.
 *
 * @param one layout of an expert in its part
 * @param first expert of the shard
 * @param chosenShare of all experts that a token passes through
 */
public record ExpertsLayout(ExpertLayout one, int first, int count, double chosenShare)
        implements BlockLayout<List<ExpertsLayout.Expert>> {

    /** Parts of an expert begin at a multiple of so many neurons, which the processor's loops take together. */
    private static final int STEP = 16;

    /**
     * The matrices of an expert.
     *
     * @param projections gate, up
     * @param down one row per neuron // [neurons, E]
     */
    public record Expert(List<Linear> projections, Matrix down) {}

    /** With more there is little to gain. */
    private static final int MOST_PARTS = 4;

    /** A part is worth a device's trouble: for less, one device does all sooner than two have begun. */
    private static final int PART_BYTES = 2 << 20;

    /** Bytes of an expert, from {@code at} on. */
    public record Piece(long at, long bytes) {}

    /** The part of one expert. */
    public record ExpertLayout(MatrixLayout gate, MatrixLayout up, MatrixLayout down) implements BlockLayout<Expert> {

        @Override
        public long bytes() {
            return MatrixLayout.align(down.end(), PAGE);
        }

        @Override
        public Expert in(MemorySegment part) {
            return in(part, 0, width());
        }

        /** Neurons. */
        int width() {
            return up.rows();
        }

        /** Into how many parts it may be cut where two devices divide it. */
        public int parts() {
            return Math.clamp(bytes() / PART_BYTES, 1, MOST_PARTS);
        }

        /** The neuron at which one of its {@link #parts} begins. */
        public int neuron(int part) {
            return part == parts() ? width() : width() * part / parts() / STEP * STEP;
        }

        /** Some of its neurons, as an expert of its own. */
        public Expert in(MemorySegment expert, int from, int to) {
            return new Expert(
                    List.of(new Linear(gate.rows(expert, from, to), null), new Linear(up.rows(expert, from, to), null)),
                    down.rows(expert, from, to));
        }

        /** Where the bytes of some of its neurons are. */
        public List<Piece> pieces(int from, int to) {
            return from == 0 && to == width()
                    ? List.of(new Piece(0, bytes()))
                    : List.of(piece(gate, from, to), piece(up, from, to), piece(down, from, to));
        }

        private static Piece piece(MatrixLayout matrix, int from, int to) {
            long rowBytes = matrix.encoding().rowBytes(matrix.columns());
            return new Piece(matrix.weightAt() + from * rowBytes, (to - from) * rowBytes);
        }
    }

    public static ExpertsLayout of(WeightEncodings encodings, Shard shard, int layer) {
        ModelSpec spec = encodings.spec();
        int width = spec.block(layer).feedForward().width();
        MatrixLayout gate = matrix(encodings, layer, ModelPart.GATE, width, 0);
        MatrixLayout up = matrix(encodings, layer, ModelPart.UP, width, gate.end());
        MatrixLayout down = matrix(encodings, layer, ModelPart.DOWN, width, up.end());
        double chosenShare = spec.block(layer).feedForward() instanceof FeedForwardSpec.Experts experts
                ? (double) experts.chosen() / experts.count()
                : 1;
        return new ExpertsLayout(new ExpertLayout(gate, up, down), shard.from(), shard.size(), chosenShare);
    }

    private static MatrixLayout matrix(WeightEncodings encodings, int layer, ModelPart part, int width, long from) {
        return MatrixLayout.after(
                from,
                encodings.of(part.weight(), layer),
                width,
                encodings.spec().width(),
                false);
    }

    @Override
    public long bytes() {
        return count * one.bytes();
    }

    @Override
    public long readBytes() {
        return (long) (chosenShare * bytes());
    }

    @Override
    public List<Expert> in(MemorySegment block) {
        List<Expert> experts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            experts.add(one.in(block.asSlice(i * one.bytes(), one.bytes())));
        }
        return experts;
    }
}
