package dev.flexgen.engine.exec;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.weights.ModelWeights;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The feed-forward sublayer's part of one device: {@code sum += down(activate(up(h)))} for each of its shards, or where the network
 * is gated {@code sum += down(activate(gate(h)) * up(h))}. After a ReLU only the rows of active neurons are read in the second
 * half, wherever they are.
 */
final class FeedForwardSublayer {

    private final ModelWeights weights;
    private final Activation activation;
    private final ExpertSublayer experts;
    private final ActiveNeurons activeNeurons;

    /** What was asked for at the beginning of a layer, by device. */
    private final Map<Integer, ExpertsOnDemand> demanded = new HashMap<>();

    FeedForwardSublayer(ModelWeights weights, Activation activation, Activity activity) {
        this.weights = weights;
        this.activation = activation;
        this.experts = new ExpertSublayer(weights, activation);
        this.activeNeurons = new ActiveNeurons(activation, weights.layers().size(), activity);
    }

    ActiveNeurons activeNeurons() {
        return activeNeurons;
    }

    /** Who computes the experts that the step's rows have chosen. */
    ExpertDivision divide(Routing routing, List<DeviceTasks> sublayer, int rows) {
        return ExpertDivision.of(routing, sublayer, rows, experts.parts(sublayer));
    }

    /** Asks for the experts that GPUs fetch, before anything else: the bus takes longest. */
    void begin(DeviceGroup group, List<DeviceTasks> sublayer, ExpertDivision division) {
        demanded.clear();
        for (DeviceTasks tasks : sublayer) {
            Worker worker = group.worker(tasks.device());
            if (worker.device().tier() == Tier.GPU) {
                demanded.put(worker.index(), experts.demand(worker, routed(tasks), division));
            }
        }
    }

    /**
     * Adds the tasks' result for {@code h} to {@code sum}.
     *
     * @param division of the layer's experts, if it has any
     */
    void compute(Worker worker, DeviceTasks tasks, @Nullable ExpertDivision division, Rows h, Rows sum) {
        List<Entry> routed = routed(tasks);
        neurons(worker, tasks.entries().subList(0, tasks.entries().size() - routed.size()), h, sum);
        if (!routed.isEmpty()) {
            ExpertDivision chosen = Objects.requireNonNull(division, "experts without a router");
            ExpertsOnDemand brought = demanded.containsKey(worker.index())
                    ? demanded.get(worker.index())
                    : experts.demand(worker, routed, chosen);
            experts.compute(worker, routed, chosen, brought, h, sum);
        }
    }

    /** The entries of experts, which come last. */
    private static List<Entry> routed(DeviceTasks tasks) {
        List<Entry> entries = tasks.entries();
        int first = 0;
        while (first < entries.size() && entries.get(first).block().component() != Component.EXPERTS) {
            first++;
        }
        return entries.subList(first, entries.size());
    }

    /** Halves of shards of neurons by turns. */
    private void neurons(Worker worker, List<Entry> entries, Rows h, Rows sum) {
        for (int i = 0; i < entries.size(); i += 2) {
            Entry up = entries.get(i);
            Entry down = entries.get(i + 1);
            Rows a = worker.activations().neurons(h.count(), up.shard().size());
            List<Linear> first = worker.take(weights.neurons(up.block()), up.access());
            if (first.size() == 1) {
                worker.ops().up(first.getFirst(), activation, h, a);
            } else {
                Rows gate = worker.activations().gates(h.count(), up.shard().size());
                worker.ops().upEach(first, h, List.of(gate, a));
                worker.ops().gate(activation, gate, a);
            }
            worker.done(up.access());
            activeNeurons.count(up.block().layer(), worker.device(), a);
            if (down.access() == Access.ON_DEMAND) {
                worker.activeRows().down(weights.projection(down.block()), a, sum);
            } else {
                Linear fc2 = worker.take(weights.projection(down.block()), down.access());
                worker.ops().down(fc2.weight(), a, sum);
                worker.done(down.access());
            }
        }
    }
}
