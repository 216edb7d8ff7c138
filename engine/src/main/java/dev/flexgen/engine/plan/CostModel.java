package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.memory.Tier;
import java.util.List;
import java.util.Locale;

/**
 * How fast a plan can decode: every device reads its part of the weights once a token, and the slowest decides. Devices meet
 * after each half of a layer; what is streamed arrives ahead of its use, beside all that. Of the second half of neurons only the
 * rows of active ones are read, except where a block is streamed whole.
 *
 * @param rates of memories and buses
 * @param tiers on which each device computes
 * @param activeShare of the neurons, after ReLU; 1 if there is no ReLU
 */
public record CostModel(Bandwidths rates, List<Tier> tiers, double activeShare) {

    /** The processor reads single rows hardly faster than all of them if more than this share is active. */
    private static final double MOST_SKIPPED_BY_PROCESSOR = 0.4;

    /** Seconds until a device has what another computed and both go on: two small copies and their starts. An estimate. */
    private static final double HAND_OVER = 25e-6;

    /** Bytes that a part of a step reads, by who reads them: the GPU from its memory, the processor, and the GPU in host memory. */
    private static final class Load {
        double gpu;
        double processor;
        double streamed;
        double mapped;
    }

    /** The time of one decoded token at best: what it reads, and what handing results over takes. */
    public ThroughputEstimate decode(Plan plan, Footprint footprint) {
        Schedule schedule = Schedule.of(plan, Regime.MEMORY_BOUND, tiers);
        Load all = new Load();
        schedule.entries().forEach(entry -> add(entry, footprint, all));
        boolean both = all.processor > 0 && all.streamed + all.mapped > 0;
        double hostRead = both ? rates.hostReadBoth() : rates.hostRead();
        double upload = both ? rates.uploadBoth() : rates.upload();
        double devices = 0;
        for (Schedule.Layer layer : schedule.layers()) {
            devices += together(layer.home(), layer.attention(), footprint, hostRead, upload);
            devices += together(layer.home(), layer.feedForward(), footprint, hostRead, upload);
        }
        devices += together(plan.headHome(), schedule.head(), footprint, hostRead, upload);
        double bus = (all.streamed + all.mapped) / upload;
        double seconds = Math.max(devices, bus);
        return new ThroughputEstimate(1 / seconds, bound(all, hostRead, upload), rates);
    }

    /** Of one half of a layer. */
    private double together(
            int home, List<Schedule.DeviceTasks> tasks, Footprint footprint, double hostRead, double upload) {
        Load load = new Load();
        tasks.forEach(device -> device.entries().forEach(entry -> add(entry, footprint, load)));
        double handOver = tasks.stream().allMatch(device -> device.device() == home) ? 0 : HAND_OVER;
        return handOver + Math.max(load.gpu / rates.gpuRead() + load.mapped / upload, load.processor / hostRead);
    }

    private void add(Schedule.Entry entry, Footprint footprint, Load load) {
        double bytes = footprint.blockBytes(entry.block());
        boolean processor = tiers.get(entry.device()) == Tier.HOST;
        boolean skips = entry.block().component() == Component.DOWN
                && entry.access() != Access.STREAMED
                && !(processor && activeShare > MOST_SKIPPED_BY_PROCESSOR);
        double read = skips ? activeShare * bytes : bytes;
        if (processor) {
            load.processor += read;
        } else {
            switch (entry.access()) {
                case RESIDENT -> load.gpu += read;
                case STREAMED -> load.streamed += read;
                case MAPPED, ON_DEMAND -> load.mapped += read;
            }
        }
    }

    private String bound(Load all, double hostRead, double upload) {
        double overBus = all.streamed + all.mapped;
        double gpu = all.gpu / rates.gpuRead();
        double processor = all.processor / hostRead;
        double bus = overBus / upload;
        if (gpu >= processor && gpu >= bus) {
            return say("GPU memory", all.gpu, rates.gpuRead());
        }
        return processor >= bus
                ? say("host memory", all.processor, hostRead)
                : say("the bus to the GPU", overBus, upload);
    }

    private static String say(String what, double bytes, double rate) {
        return String.format(Locale.ROOT, "%s: %s a token at %.0f GB/s", what, Bytes.format((long) bytes), rate / 1e9);
    }
}
