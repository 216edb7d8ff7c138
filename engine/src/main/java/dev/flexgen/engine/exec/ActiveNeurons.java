package dev.flexgen.engine.exec;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ActiveShares;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Counts neurons that are not zero after a ReLU, layer by layer. Only what the processor has just computed is counted, since reading
 * a GPU's results would hold up its stream; and only steps of few tokens, which are the ones that skip rows. What a pass through the
 * layers has computed counts when its step keeps it. Owned by the engine's thread.
 */
final class ActiveNeurons {

    /** Most tokens of a step that is counted. */
    private static final int FEW = 16;

    private final Activation activation;
    private final Activity activity;
    private final Counts kept;
    private final Counts pass; // the one that runs, or ran last

    /** Neurons by layer. */
    private static final class Counts {
        final long[] active;
        final long[] seen;
        long tokens;

        Counts(int layers) {
            active = new long[layers];
            seen = new long[layers];
        }

        void clear() {
            tokens = 0;
            Arrays.fill(active, 0);
            Arrays.fill(seen, 0);
        }

        void add(Counts more) {
            tokens += more.tokens;
            for (int layer = 0; layer < seen.length; layer++) {
                active[layer] += more.active[layer];
                seen[layer] += more.seen[layer];
            }
        }
    }

    ActiveNeurons(Activation activation, int layers, Activity activity) {
        this.activity = activity;
        this.activation = activation;
        this.kept = new Counts(layers);
        this.pass = new Counts(layers);
    }

    /** A pass begins; what another has computed and nobody kept is forgotten. */
    void begin() {
        pass.clear();
    }

    /** The pass's results are used. */
    void keep() {
        kept.add(pass);
        pass.clear();
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
        pass.active[layer] += nonzero;
        activity.readNeurons(nonzero, numbers);
        pass.seen[layer] += numbers;
        if (layer == 0) {
            pass.tokens += neurons.count();
        }
    }

    /** What was kept; nothing unless every layer was counted. */
    Optional<ActiveShares> shares() {
        List<Double> layers = new ArrayList<>();
        for (int layer = 0; layer < kept.seen.length; layer++) {
            if (kept.seen[layer] == 0) {
                return Optional.empty();
            }
            layers.add((double) kept.active[layer] / kept.seen[layer]);
        }
        return Optional.of(new ActiveShares(layers, Math.max(1, kept.tokens)));
    }
}
