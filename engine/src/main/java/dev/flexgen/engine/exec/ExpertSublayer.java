package dev.flexgen.engine.exec;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.ExpertsLayout.Expert;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightBlock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One device's part of a layer's experts: rows pass through those that they chose, and the results are added with their weights. What
 * nobody chose is neither read nor computed. Experts that the device need not fetch are computed together if it can do that; else
 * each gathers its rows.
 */
final class ExpertSublayer {

    private final ModelWeights weights;
    private final Activation activation;

    ExpertSublayer(ModelWeights weights, Activation activation) {
        this.weights = weights;
        this.activation = activation;
    }

    /** Adds the result of shards of experts for {@code h} to {@code sum}. */
    void compute(Worker worker, List<Entry> entries, Routing routing, Rows h, Rows sum) {
        List<RoutedExpert> resident = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.access() != Access.ON_DEMAND) {
                addResident(entry, routing, resident);
            }
        }
        if (!resident.isEmpty() && !worker.ops().experts(activation, resident, h, sum)) {
            for (RoutedExpert expert : resident) {
                compute(worker, expert, h, sum);
            }
        }
        for (Entry entry : entries) {
            if (entry.access() == Access.ON_DEMAND) {
                fetch(worker, entry, routing, h, sum);
            }
        }
    }

    private void addResident(Entry entry, Routing routing, List<RoutedExpert> resident) {
        WeightBlock<List<Expert>> block = weights.experts(entry.block());
        int first = ((ExpertsLayout) block.layout()).first();
        List<Expert> experts = block.inPlace();
        for (int i = 0; i < experts.size(); i++) {
            Routing.Share share = routing.of(first + i);
            if (share.rows().length > 0) {
                resident.add(routed(experts.get(i), share));
            }
        }
    }

    private void fetch(Worker worker, Entry entry, Routing routing, Rows h, Rows sum) {
        WeightBlock<List<Expert>> block = weights.experts(entry.block());
        ExpertsLayout layout = (ExpertsLayout) block.layout();
        long bytes = layout.one().bytes();
        for (int i = 0; i < layout.count(); i++) {
            Routing.Share share = routing.of(layout.first() + i);
            if (share.rows().length > 0) {
                MemorySegment part = worker.experts().take(block.location(), i * bytes, bytes);
                RoutedExpert expert = routed(layout.one().in(part), share);
                if (!worker.ops().experts(activation, List.of(expert), h, sum)) {
                    compute(worker, expert, h, sum);
                }
                worker.experts().done();
            }
        }
    }

    private static RoutedExpert routed(Expert expert, Routing.Share share) {
        return new RoutedExpert(expert.projections(), expert.down(), share.rows(), share.weights());
    }

    private void compute(Worker worker, RoutedExpert expert, Rows h, Rows sum) {
        Ops ops = worker.ops();
        int rows = expert.rows().length;
        int neurons = expert.down().rows();
        ShardActivations room = worker.activations();
        Rows in = h;
        if (rows < h.count()) {
            in = room.gathered(rows, h.width());
            ops.gather(h, expert.rows(), in);
        }
        Rows gate = room.gates(rows, neurons);
        Rows a = room.neurons(rows, neurons);
        ops.upEach(expert.projections(), in, List.of(gate, a));
        ops.gate(activation, gate, a);
        Rows out = room.results(rows, h.width());
        worker.stream(StreamRole.COMPUTE).zero(out.data());
        ops.down(expert.down(), a, out);
        ops.scatterAdd(out, expert.rows(), expert.weights(), sum);
    }
}
