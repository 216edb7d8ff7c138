package dev.flexgen.engine.exec;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.ExpertsLayout.Expert;
import dev.flexgen.engine.weights.ExpertsLayout.ExpertLayout;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightLocation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One device's part of a layer's experts: rows pass through those that they chose, and the results are added with their weights. What
 * nobody chose is neither read nor computed. Experts that are there at the same time are computed together if the device can do that;
 * else each gathers its rows.
 */
final class ExpertSublayer {

    private final ModelWeights weights;
    private final Activation activation;

    ExpertSublayer(ModelWeights weights, Activation activation) {
        this.weights = weights;
        this.activation = activation;
    }

    /** Into how many parts a layer's experts may be cut. */
    int parts(List<DeviceTasks> sublayer) {
        for (DeviceTasks tasks : sublayer) {
            Entry last = tasks.entries().getLast();
            if (last.block().component() == Component.EXPERTS) {
                return layout(last).one().parts();
            }
        }
        return 1;
    }

    private ExpertsLayout layout(Entry entry) {
        return (ExpertsLayout) weights.experts(entry.block()).layout();
    }

    /** Asks for the experts that have to be brought to the worker. */
    ExpertsOnDemand demand(Worker worker, List<Entry> entries, ExpertDivision division) {
        List<ExpertsOnDemand.Wanted> wanted = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.access() == Access.ON_DEMAND) {
                forEach(entry, division, wanted::add);
            }
        }
        return wanted.isEmpty() ? ExpertsOnDemand.NONE : new ExpertsOnDemand(worker.experts(), wanted);
    }

    /**
     * Adds the result of shards of experts for {@code h} to {@code sum}.
     *
     * @param demanded what {@link #demand} has asked for
     */
    void compute(
            Worker worker, List<Entry> entries, ExpertDivision division, ExpertsOnDemand demanded, Rows h, Rows sum) {
        List<RoutedExpert> resident = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.access() != Access.ON_DEMAND) {
                forEach(entry, division, it -> resident.add(it.in(((WeightLocation.Memory) it.location()).block())));
            }
        }
        compute(worker, resident, h, sum);
        while (demanded.hasNext()) {
            compute(worker, List.of(demanded.next()), h, sum);
            demanded.done();
        }
    }

    /** Visits what an entry's experts have to do. */
    private void forEach(Entry entry, ExpertDivision division, Consumer<ExpertsOnDemand.Wanted> visitor) {
        WeightLocation all = weights.experts(entry.block()).location();
        ExpertsLayout layout = layout(entry);
        ExpertLayout one = layout.one();
        for (int i = 0; i < layout.count(); i++) {
            for (ExpertDivision.Task task : division.of(entry, layout.first() + i)) {
                if (one.neuron(task.from()) < one.neuron(task.to())) {
                    WeightLocation location = all.slice(i * one.bytes(), one.bytes());
                    visitor.accept(new ExpertsOnDemand.Wanted(one, location, task));
                }
            }
        }
    }

    static RoutedExpert routed(Expert expert, Routing.Share share) {
        return new RoutedExpert(expert.projections(), expert.down(), share.rows(), share.weights());
    }

    private void compute(Worker worker, List<RoutedExpert> experts, Rows h, Rows sum) {
        if (!experts.isEmpty() && !worker.ops().experts(activation, experts, h, sum)) {
            for (RoutedExpert expert : experts) {
                compute(worker, expert, h, sum);
            }
        }
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
