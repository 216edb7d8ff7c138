package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What halves of layers cost in one step. The devices that have a part of one work at the same time and meet at its home.
 *
 * @param sizes of the plan's blocks
 * @param readers of host memory in this step
 */
record SublayerPrices(CostModel cost, BlockSizes sizes, Step step, HostReaders readers) {

    /** A lone row costs the processor as much as so many bytes more: memory is waited for at each beginning (docs/BENCHMARKS.md). */
    private static final double LONE_ROW_BYTES = 6 << 10;

    /** A disk reads whole pages, and a request costs about as much as reading so many bytes more. */
    private static final double LONE_READ_BYTES = 16 << 10;

    /** Attention over many tokens reaches this share of the rate of products: an estimate. */
    private static final double ATTENTION = 0.5;

    private static final Encoding HALF = Encoding.F16;

    /** Seconds of one half of a layer; what it reads is added to {@code all}. */
    double half(int home, List<Schedule.DeviceTasks> tasks, StepLoad all) {
        StepLoad load = new StepLoad(cost.tiers().size());
        double handOver = 0;
        for (Schedule.DeviceTasks device : tasks) {
            boolean processor = cost.tiers().get(device.device()) == Tier.HOST;
            double starts = new OperationCount(cost.model(), cost.tiers()).of(device, step);
            if (processor) {
                // Where the residual stream is elsewhere, its threads are asleep when the rows come.
                boolean waits = device.device() != home;
                double first = waits
                        ? cost.machine().host().wakeSeconds()
                        : cost.machine().host().startSeconds();
                load.processor += first + (starts - 1) * cost.machine().host().startSeconds();
            } else {
                load.gpu[device.device()] += starts * cost.gpu(device.device()).startSeconds();
            }
            for (Schedule.Entry entry : device.entries()) {
                double times = entry.share() * cost.model().timesRead(entry.block(), entry.shard(), step.rows());
                weights(entry, times * sizes.bytes(entry.block(), entry.shard()), load);
                if (entry.block().component() == Component.HEADS) {
                    attention(entry, load);
                }
            }
            handOver = Math.max(handOver, handOver(home, device.device()));
        }
        load.meet();
        all.add(load, 1);
        double slowest = load.processor + load.processorsDisk / cost.diskRate();
        for (int i : cost.gpus().toArray()) {
            double waiting = load.mapped[i] == 0 ? 0 : load.mapped[i] / readers.upload(cost.gpu(i));
            slowest = Math.max(slowest, load.gpu[i] + waiting + load.gpusDisk[i] / cost.diskRate());
        }
        return handOver + slowest;
    }

    /** There and back. */
    private double handOver(int home, int device) {
        return home == device
                ? 0
                : IntStream.of(home, device)
                        .filter(i -> cost.tiers().get(i) == Tier.GPU)
                        .mapToDouble(i -> 2 * cost.gpu(i).bus().handOverSeconds())
                        .sum();
    }

    private void weights(Schedule.Entry entry, double bytes, StepLoad load) {
        Encoding encoding = cost.model().encoding(entry.block().component());
        double weights = bytes / ProductRates.bytesPerWeight(encoding);
        int device = entry.device();
        boolean processor = cost.tiers().get(device) == Tier.HOST;
        boolean gated = entry.block().component() == Component.DOWN
                && entry.access() != Access.STREAMED
                && cost.model().activeShare() < 1;
        double active = gated ? cost.model().activeInAny(step.rows()) : 1;
        int rows = cost.model().rowsEach(entry.block(), entry.shard(), step.rows());
        if (processor) {
            double read = gated ? Math.min(1, active * (1 + LONE_ROW_BYTES / rowBytes(entry, bytes))) : 1;
            load.processor += processorSeconds(encoding, read * weights, rows, readers);
            load.processorBytes += active * bytes;
        } else {
            load.gpu[device] += cost.gpu(device).products().seconds(encoding, active * weights, rows);
            load.gpuBytes += active * bytes;
            switch (entry.access()) {
                case RESIDENT -> {}
                case STREAMED -> {
                    load.streamed[device] += bytes;
                    load.blocks[device]++;
                }
                case MAPPED, ON_DEMAND -> load.mapped[device] += active * bytes;
            }
        }
        if (entry.shard().tier() == Tier.DISK) {
            if (entry.access() == Access.ON_DEMAND) {
                double read = Math.min(1, active * (1 + LONE_READ_BYTES / rowBytes(entry, bytes))) * bytes;
                if (processor) {
                    load.processorsDisk += read;
                } else {
                    load.gpusDisk[device] += read;
                }
            } else {
                load.disk += bytes;
            }
        }
    }

    private static double rowBytes(Schedule.Entry entry, double bytes) {
        return bytes / entry.shard().size();
    }

    /**
     * Beside a busy bus the processor's products are no faster than they were measured there; where they were not, than what the bus
     * leaves them of the memory.
     */
    static double processorSeconds(Encoding encoding, double weights, int tokens, HostReaders readers) {
        MachineProfile.Host host = readers.host();
        double alone = host.products().seconds(encoding, weights, tokens);
        if (!readers.together()) {
            return alone;
        }
        Double both = readers.buses().getFirst().bus().productsBoth().get(encoding.name());
        if (both != null) {
            return Math.max(alone, weights / (both * readers.processorShare()));
        }
        double reached = Math.min(1, bestProduct(host) / host.read());
        double bytes = weights * ProductRates.bytesPerWeight(encoding);
        return Math.max(alone, bytes / (reached * readers.processorRead()));
    }

    private static double bestProduct(MachineProfile.Host host) {
        double best = 0;
        for (Encoding encoding : Encoding.ALL) {
            best = Math.max(best, host.products().readBytesPerSecond(encoding));
        }
        return best;
    }

    /** Attention is where the keys and values are: few tokens read them all, many are arithmetic. */
    private void attention(Schedule.Entry entry, StepLoad load) {
        int device = entry.attends();
        boolean processor = cost.tiers().get(device) == Tier.HOST;
        int heads = entry.shard().size();
        double attended = step.sequences() * step.attended();
        double rate =
                processor ? cost.machine().host().attend() : cost.gpu(device).attend();
        double reading = 2 * cost.model().kvNumbers(heads) * attended / rate; // of 16 bits each, as was measured
        ProductRates products =
                processor ? cost.machine().host().products() : cost.gpu(device).products();
        double queries =
                (double) cost.model().spec().heads() / cost.model().spec().keyHeads();
        double pairs = queries * cost.model().kvNumbers(heads) * attended * step.tokens();
        double arithmetic = products.seconds(HALF, pairs / step.tokens(), step.tokens()) / ATTENTION;
        double seconds = step.tokens() == 1 ? reading : Math.max(reading, arithmetic);
        double bytes = cost.model().kvBytes(heads) * attended;
        if (processor) {
            load.processor += seconds;
            load.processorBytes += bytes;
        } else {
            load.gpu[device] += seconds;
            load.gpuBytes += bytes;
        }
    }
}
