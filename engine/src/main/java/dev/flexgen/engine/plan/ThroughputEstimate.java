package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.memory.Tier;
import java.util.Locale;

/**
 * How fast a plan can decode at best: every device and bus reads its part of the weights once a token, all at the same time,
 * and the slowest decides.
 *
 * @param decodeTokensPerSecond bus arithmetic alone, without what starting operations costs
 * @param bound which part decides
 * @param rates that it rests on
 */
public record ThroughputEstimate(double decodeTokensPerSecond, String bound, Bandwidths rates) {

    /** Bytes that one decode step reads, by who reads them. */
    private record Load(long gpu, long processor, long bus) {}

    /** For a plan with a GPU at home and the processor beside it. */
    public static ThroughputEstimate of(Plan plan, ModelSizes sizes, Bandwidths rates) {
        Load load = load(plan, sizes);
        double gpu = load.gpu() / rates.gpuRead();
        boolean both = load.processor() > 0 && load.bus() > 0;
        double processor = load.processor() / (both ? rates.hostReadBoth() : rates.hostRead());
        double bus = load.bus() / (both ? rates.uploadBoth() : rates.upload());
        double slowest = Math.max(gpu, Math.max(processor, bus));
        String bound;
        if (slowest == gpu) {
            bound = say("GPU memory", load.gpu(), rates.gpuRead());
        } else if (slowest == processor) {
            bound = say("host memory", load.processor(), both ? rates.hostReadBoth() : rates.hostRead());
        } else {
            bound = say("the bus to the GPU", load.bus(), both ? rates.uploadBoth() : rates.upload());
        }
        return new ThroughputEstimate(1 / slowest, bound, rates);
    }

    private static Load load(Plan plan, ModelSizes sizes) {
        long gpu = sizes.headTableBytes();
        long processor = 0;
        long bus = 0;
        for (LayerPlan layer : plan.layers()) {
            for (Shard shard : layer.heads()) {
                long bytes = shard.size() * sizes.headBytes();
                gpu += shard.tier() == Tier.GPU ? bytes : 0;
                processor += shard.tier() != Tier.GPU && shard.device() != 0 ? bytes : 0;
                bus += shard.tier() != Tier.GPU && shard.device() == 0 ? bytes : 0;
            }
            for (Shard shard : layer.up()) {
                long bytes = shard.size() * sizes.neuronBytes();
                gpu += shard.tier() == Tier.GPU ? bytes : 0;
                processor += shard.tier() != Tier.GPU && shard.device() != 0 ? bytes : 0;
                bus += shard.tier() != Tier.GPU && shard.device() == 0 ? bytes : 0;
            }
        }
        return new Load(gpu, processor, bus);
    }

    private static String say(String what, long bytes, double rate) {
        return String.format(Locale.ROOT, "%s: %s a token at %.0f GB/s", what, Bytes.format(bytes), rate / 1e9);
    }
}
