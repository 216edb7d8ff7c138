package dev.flexgen.engine.exec;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.weights.ModelWeights;
import java.util.List;
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

    FeedForwardSublayer(ModelWeights weights, Activation activation, Activity activity) {
        this.weights = weights;
        this.activation = activation;
        this.experts = new ExpertSublayer(weights, activation);
        this.activeNeurons = new ActiveNeurons(activation, weights.layers().size(), activity);
    }

    ActiveNeurons activeNeurons() {
        return activeNeurons;
    }

    /**
     * Adds the tasks' result for {@code h} to {@code sum}.
     *
     * @param routing of the layer's experts, if it has any
     */
    void compute(Worker worker, DeviceTasks tasks, @Nullable Routing routing, Rows h, Rows sum) {
        for (int i = 0; i < tasks.entries().size(); i += 2) {
            if (tasks.entries().get(i).block().component() == Component.EXPERTS) {
                Routing chosen = Objects.requireNonNull(routing, "experts without a router");
                experts.compute(
                        worker, tasks.entries().subList(i, tasks.entries().size()), chosen, h, sum);
                return;
            }
            Entry up = tasks.entries().get(i);
            Entry down = tasks.entries().get(i + 1);
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
