package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Activation;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.plan.Work;
import dev.flexgen.engine.run.NeuronsLayout.Neurons;
import java.util.List;

/** The feed-forward half of a layer: every shard on its device, the partial sums joined at home. */
final class NeuronShards {

    private final Crew crew;
    private final Activation activation;

    NeuronShards(Crew crew, Activation activation) {
        this.crew = crew;
        this.activation = activation;
    }

    /** Adds the half's result for {@code h} to {@code x}, both at home. */
    void run(List<WeightBlock<Neurons>> blocks, Work work, Rows h, Rows x) {
        List<Crew.Member> others = crew.others(blocks, work);
        others.forEach(member -> member.link().share(h));
        compute(crew.home(), blocks, work, h, x);
        for (Crew.Member member : others) {
            Rows shared = member.link().shared(h.count());
            compute(member.station(), blocks, work, shared, member.link().partial(h.count()));
            member.link().join(x);
        }
    }

    private void compute(Station station, List<WeightBlock<Neurons>> blocks, Work work, Rows h, Rows sum) {
        for (WeightBlock<Neurons> block : blocks) {
            if (station.multiplies(block, work)) {
                Neurons neurons = station.take(block, work);
                Rows a = station.space().neurons(h.count(), block.shard().size());
                station.ops().up(neurons.up(), activation, h, a);
                station.ops().down(neurons.down(), a, sum);
                station.done(block, work);
            }
        }
    }
}
