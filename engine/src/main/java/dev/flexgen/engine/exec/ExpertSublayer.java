package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.tensor.Activation;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.ExpertsLayout.Expert;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightBlock;
import java.util.List;

/**
 * One device's part of a layer's experts: for each that some rows chose, those rows are gathered, pass through it, and are added
 * with their weights. What nobody chose is neither read nor computed.
 */
final class ExpertSublayer {

    private final ModelWeights weights;
    private final Activation activation;

    ExpertSublayer(ModelWeights weights, Activation activation) {
        this.weights = weights;
        this.activation = activation;
    }

    /** Adds the result of a shard of experts for {@code h} to {@code sum}, in the order of the experts. */
    void compute(Worker worker, Entry entry, Routing routing, Rows h, Rows sum) {
        WeightBlock<List<Expert>> block = weights.experts(entry.block());
        ExpertsLayout layout = (ExpertsLayout) block.layout();
        boolean fetched = entry.access() == Access.ON_DEMAND;
        List<Expert> resident = fetched ? List.of() : block.inPlace();
        for (int i = 0; i < layout.count(); i++) {
            Routing.Share share = routing.of(layout.first() + i);
            if (share.rows().length > 0) {
                Expert expert = fetched
                        ? layout.one()
                                .in(worker.experts()
                                        .take(
                                                block.location(),
                                                i * layout.one().bytes(),
                                                layout.one().bytes()))
                        : resident.get(i);
                add(worker, expert, share, h, sum);
                if (fetched) {
                    worker.experts().done();
                }
            }
        }
    }

    private void add(Worker worker, Expert expert, Routing.Share share, Rows h, Rows sum) {
        Ops ops = worker.ops();
        int rows = share.rows().length;
        int neurons = expert.down().rows();
        ShardActivations room = worker.activations();
        Rows in = h;
        if (rows < h.count()) {
            in = room.gathered(rows, h.width());
            ops.gather(h, share.rows(), in);
        }
        Rows gate = room.gates(rows, neurons);
        Rows a = room.neurons(rows, neurons);
        ops.upEach(expert.projections(), in, List.of(gate, a));
        ops.gate(activation, gate, a);
        Rows out = room.results(rows, h.width());
        worker.stream(StreamRole.COMPUTE).zero(out.data());
        ops.down(expert.down(), a, out);
        ops.scatterAdd(out, share.rows(), share.weights(), sum);
    }
}
