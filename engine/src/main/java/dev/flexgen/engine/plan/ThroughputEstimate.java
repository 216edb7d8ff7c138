package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.memory.Tier;
import java.util.List;
import java.util.Locale;

/**
 * How fast a plan can decode at best: every device and bus reads its part of the weights once a token, all at the same time,
 * and the slowest decides.
 *
 * @param decodeTokensPerSecond bus arithmetic alone, without what starting operations costs
 * @param bound which part decides
 * @param bandwidths that it rests on
 */
public record ThroughputEstimate(double decodeTokensPerSecond, String bound, Bandwidths bandwidths) {

    /** Bytes that one decode step reads, by who reads them. */
    private record Load(long gpu, long processor, long bus) {}

    /**
     * For a plan with one GPU and the processor.
     *
     * @param tiers on which each device computes
     */
    public static ThroughputEstimate of(Plan plan, Footprint footprint, List<Tier> tiers, Bandwidths bandwidths) {
        Load load = load(plan, footprint, tiers);
        double gpu = load.gpu() / bandwidths.gpuRead();
        boolean both = load.processor() > 0 && load.bus() > 0;
        double processor = load.processor() / (both ? bandwidths.hostReadBoth() : bandwidths.hostRead());
        double bus = load.bus() / (both ? bandwidths.uploadBoth() : bandwidths.upload());
        double slowest = Math.max(gpu, Math.max(processor, bus));
        String bound;
        if (slowest == gpu) {
            bound = say("GPU memory", load.gpu(), bandwidths.gpuRead());
        } else if (slowest == processor) {
            bound = say("host memory", load.processor(), both ? bandwidths.hostReadBoth() : bandwidths.hostRead());
        } else {
            bound = say("the bus to the GPU", load.bus(), both ? bandwidths.uploadBoth() : bandwidths.upload());
        }
        return new ThroughputEstimate(1 / slowest, bound, bandwidths);
    }

    private static Load load(Plan plan, Footprint footprint, List<Tier> tiers) {
        long[] gpu = new long[1];
        long[] processor = new long[1];
        long[] bus = new long[1];
        Schedule.of(plan, Regime.MEMORY_BOUND, tiers).entries().forEach(entry -> {
            long bytes = footprint.blockBytes(entry.block());
            if (tiers.get(entry.device()) == Tier.HOST) {
                processor[0] += bytes;
            } else if (entry.access() == Access.RESIDENT) {
                gpu[0] += bytes;
            } else {
                bus[0] += bytes;
            }
        });
        return new Load(gpu[0], processor[0], bus[0]);
    }

    private static String say(String what, long bytes, double rate) {
        return String.format(Locale.ROOT, "%s: %s a token at %.0f GB/s", what, Bytes.format(bytes), rate / 1e9);
    }
}
