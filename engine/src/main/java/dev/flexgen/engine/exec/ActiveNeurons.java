package dev.flexgen.engine.exec;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ActiveShares;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Counts neurons that are not zero after a ReLU, layer by layer. Only what the processor has just computed is counted, since reading
 * a GPU's results would hold up its stream; and only steps of few tokens, which are the ones that skip rows. Owned by the engine's
 * thread.
 */
final class ActiveNeurons {

    /** Most tokens of a step that is counted. */
    private static final int FEW = 16;

    private final Activation activation;
    private final Activity activity;
    private final long[] active; // by layer
    private final long[] seen;
    private long tokens;

    ActiveNeurons(Activation activation, int layers, Activity activity) {
        this.activity = activity;
        this.activation = activation;
        this.active = new long[layers];
        this.seen = new long[layers];
    }

    /** Counts the neurons of one shard. */
    void count(int layer, Device device, Rows neurons) {
        if (activation != Activation.RELU || device.tier() != Tier.HOST || neurons.count() > FEW) {
            return;
        }
        long numbers = (long) neurons.count() * neurons.width();
        long nonzero = 0;
        for (long i = 0; i < numbers; i++) {
            nonzero += neurons.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i) == 0 ? 0 : 1;
        }
        active[layer] += nonzero;
        activity.readNeurons(nonzero, numbers);
        seen[layer] += numbers;
        if (layer == 0) {
            tokens += neurons.count();
        }
    }

    /** What was counted; nothing unless every layer was. */
    Optional<ActiveShares> shares() {
        List<Double> layers = new ArrayList<>();
        for (int layer = 0; layer < seen.length; layer++) {
            if (seen[layer] == 0) {
                return Optional.empty();
            }
            layers.add((double) active[layer] / seen[layer]);
        }
        return Optional.of(new ActiveShares(layers, Math.max(1, tokens)));
    }
}
