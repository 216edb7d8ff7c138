package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.tensor.Activation;
import dev.flexgen.engine.weights.NeuronsLayout.Neurons;
import dev.flexgen.engine.weights.WeightBlock;
import java.util.List;

/** The feed-forward half of a layer: every shard on its device, the partial sums joined at home. */
final class FeedForwardSublayer {

    private final DeviceGroup group;
    private final Activation activation;

    FeedForwardSublayer(DeviceGroup group, Activation activation) {
        this.group = group;
        this.activation = activation;
    }

    /** Adds the half's result for {@code h} to {@code x}, both at home. */
    void run(List<WeightBlock<Neurons>> blocks, Regime regime, Rows h, Rows x) {
        List<DeviceGroup.Member> others = group.others(blocks, regime);
        others.forEach(member -> member.partialSums().broadcast(h));
        compute(group.home(), blocks, regime, h, x);
        for (DeviceGroup.Member member : others) {
            Rows shared = member.partialSums().shared(h.count());
            compute(
                    member.worker(),
                    blocks,
                    regime,
                    shared,
                    member.partialSums().partial(h.count()));
            member.partialSums().reduce(x);
        }
    }

    private void compute(Worker worker, List<WeightBlock<Neurons>> blocks, Regime regime, Rows h, Rows sum) {
        for (WeightBlock<Neurons> block : blocks) {
            if (worker.multiplies(block, regime)) {
                Neurons neurons = worker.take(block, regime);
                Rows a = worker.space().neurons(h.count(), block.shard().size());
                worker.ops().up(neurons.up(), activation, h, a);
                worker.ops().down(neurons.down(), a, sum);
                worker.done(block, regime);
            }
        }
    }
}
