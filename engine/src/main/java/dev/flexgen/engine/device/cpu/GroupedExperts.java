package dev.flexgen.engine.device.cpu;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.util.ArrayList;
import java.util.List;

/**
 * The experts that a step needs of a layer, in groups, in few loops over all of them: a loop of one expert's matrix would be over before
 * all threads have begun. The results of rows are the same bit for bit as in {@link GroupedMatmul}: for any number of threads and
 * whatever other rows there are.
 */
final class GroupedExperts {

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupedInputs inputs;
    private final GroupedDots dots;
    private final GroupedDown down;

    GroupedExperts(WorkerPool pool, Scratch[] scratch, GroupedInputs inputs, GroupedDots dots, GroupedDown down) {
        this.pool = pool;
        this.scratch = scratch;
        this.inputs = inputs;
        this.dots = dots;
        this.down = down;
    }

    /** Whether they are in groups, all gates and up projections alike, all down projections alike, and none has many rows. */
    static boolean canAdd(List<RoutedExpert> experts) {
        RoutedExpert first = experts.getFirst();
        Matrix gate = first.projections().getFirst().weight();
        return gate.encoding() instanceof Grouped
                && first.down().encoding() instanceof Grouped
                && experts.stream()
                        .allMatch(expert -> expert.rows().length <= SkinnyMatmul.MOST
                                && expert.down().encoding().equals(first.down().encoding())
                                && expert.projections().stream()
                                        .allMatch(it -> it.weight().encoding().equals(gate.encoding())));
    }

    /** As {@link dev.flexgen.engine.device.Ops#experts} says. */
    void add(Activation activation, List<RoutedExpert> experts, Rows in, Rows out) {
        Matrix first = experts.getFirst().projections().getFirst().weight();
        inputs.arrange(GroupKernel.of((Grouped) first.encoding()), in);
        List<int[]> places = new ArrayList<>();
        List<GroupedDown.Share> shares = new ArrayList<>();
        int length = 0;
        int[] pieces = new int[experts.size() + 1]; // up to each expert
        for (int i = 0; i < experts.size(); i++) {
            RoutedExpert expert = experts.get(i);
            check(expert, in, out);
            int neurons = expert.down().rows();
            pieces[i + 1] = pieces[i] + Math.ceilDiv(neurons, GroupedDots.ROWS);
            places.add(inputs.places(expert.rows()));
            shares.add(new GroupedDown.Share(expert.down(), length, expert.rows()));
            length = Math.addExact(length, Math.multiplyExact(expert.rows().length, neurons));
        }
        float[] gated = down.inputs(length);
        pool.run(pieces[experts.size()], (part, worker) -> {
            int expert = 0;
            while (pieces[expert + 1] <= part) {
                expert++;
            }
            int from = (part - pieces[expert]) * GroupedDots.ROWS;
            gate(
                    activation,
                    experts.get(expert),
                    from,
                    places.get(expert),
                    gated,
                    shares.get(expert).at(),
                    worker);
        });
        down.add((Grouped) experts.getFirst().down().encoding(), shares, out);
    }

    private static void check(RoutedExpert expert, Rows in, Rows out) {
        int neurons = expert.down().rows();
        for (Linear projection : expert.projections()) {
            Matrix weight = projection.weight();
            if (weight.rows() != neurons || weight.columns() != in.width()) {
                throw new IllegalArgumentException("a projection of [" + weight.rows() + ", " + weight.columns()
                        + "] for rows of " + in.width() + " numbers and " + neurons + " neurons");
            }
        }
        if (expert.down().columns() != out.width()) {
            throw new IllegalArgumentException(
                    "a down projection of " + expert.down().columns() + " columns for rows of " + out.width());
        }
    }

    /** What some neurons of an expert give, times the weights of its rows: {@code activation(gate) * up * weight}. */
    private void gate(
            Activation activation, RoutedExpert expert, int from, int[] places, float[] gated, int at, int worker) {
        Linear gate = expert.projections().getFirst();
        Linear up = expert.projections().getLast();
        int neurons = gate.weight().rows();
        int tokens = expert.rows().length;
        int rows = Math.min(GroupedDots.ROWS, neurons - from);
        float[] results =
                scratch[worker].first(2 * GroupedDots.ROWS * SkinnyMatmul.MOST); // [gate and up, tokens, rows]
        dots.multiply(gate, from, rows, inputs, places, tokens, worker, results, 0);
        dots.multiply(up, from, rows, inputs, places, tokens, worker, results, tokens * rows);
        VectorOps.activate(activation, results, tokens * rows);
        for (int t = 0; t < tokens; t++) {
            int to = at + t * neurons + from;
            for (int r = 0; r < rows; r++) {
                gated[to + r] = results[t * rows + r] * results[(tokens + t) * rows + r] * expert.weights()[t];
            }
        }
    }
}
