package dev.flexgen.engine.plan;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import java.util.List;
import java.util.Locale;

/**
 * Whether a plan belongs to a model and a machine: plans come from files too.
 *
 * @param tiers on which each device computes
 */
public record PlanCheck(ModelSpec spec, List<Tier> tiers) {

    /**
     * Checks that the shards cover the model and that its devices are there and can do what the plan wants of them.
     *
     * @throws EngineException of kind INPUT that names the layer and what is wrong
     */
    public void check(Plan plan) {
        if (plan.layers().size() != spec.layers()) {
            throw refused("it has " + plan.layers().size() + " layers, the model " + spec.layers());
        }
        device(plan.embeddingDevice(), "the embedding");
        for (int i = 0; i < plan.layers().size(); i++) {
            LayerPlan layer = plan.layers().get(i);
            device(layer.home(), "layer " + i);
            covers(layer.heads(), spec.keyHeads(), "heads of layer " + i);
            FeedForwardSpec feedForward = spec.block(i).feedForward();
            covers(layer.up(), feedForward.neurons(), "neurons of layer " + i);
            covers(layer.experts(), feedForward.experts(), "experts of layer " + i);
            if (layer.fetchedShare() > 0 && (layer.experts().isEmpty() || tiers.get(layer.home()) != Tier.GPU)) {
                throw refused(
                        "layer " + i + " has a share of experts that its home fetches, which needs experts and a GPU");
            }
        }
        covers(plan.head(), spec.vocabulary(), "rows of the head");
        plan.forEach(this::shard);
    }

    private static void covers(List<Shard> shards, int size, String what) {
        int covered = shards.isEmpty() ? 0 : shards.getLast().to();
        if (covered != size) {
            throw refused("its shards do not cover the " + size + " " + what);
        }
    }

    private void shard(BlockId id, Shard shard) {
        String where = "layer " + id.layer() + ", " + id.component() + " " + shard.from() + "-" + shard.to();
        Tier tier = device(shard.device(), where);
        Tier prefillTier = device(shard.prefillDevice(), where);
        if (shard.tier() == Tier.GPU && tier != Tier.GPU) {
            throw refused(where + ": a processor cannot compute on GPU memory");
        }
        if ((shard.access() == Access.RESIDENT) != (shard.tier() == tier)) {
            throw refused(where + ": weights in " + shard.tier().label() + " memory cannot be "
                    + shard.access().name().toLowerCase(Locale.ROOT) + " for device " + shard.device());
        }
        if (shard.access() == Access.MAPPED && tier != Tier.GPU) {
            throw refused(where + ": only a GPU maps host memory");
        }
        boolean gated = shard.access() == Access.MAPPED || shard.access() == Access.ON_DEMAND;
        if (gated
                && id.component() != Component.EXPERTS
                && ExecutionSupport.activation(spec.block(id.layer())) != Activation.RELU) {
            throw refused(where + ": only ReLU leaves neurons at zero, so that their rows need not be read");
        }
        if (shard.prefillDevice() != shard.device() && (tier != Tier.HOST || prefillTier != Tier.GPU)) {
            throw refused(where + ": only a GPU multiplies prompts for another device, and only for the processor");
        }
    }

    private Tier device(int index, String what) {
        if (index < 0 || index >= tiers.size()) {
            throw refused(what + " needs device " + index + ", but this machine has " + tiers.size());
        }
        return tiers.get(index);
    }

    private static EngineException refused(String reason) {
        return EngineException.input("The plan does not fit this model and machine: " + reason + "; make another plan");
    }
}
