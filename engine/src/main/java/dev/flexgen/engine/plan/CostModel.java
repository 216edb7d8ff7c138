package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a step of a plan costs on a machine. Devices work at the same time and meet after each half of a layer; what is streamed or
 * read from disk whole arrives ahead of its use, beside all that. Pure: the same arguments give the same price. docs/ARCHITECTURE.md
 * derives the formulas.
 *
 * @param machine how fast it is
 * @param tiers on which each device computes
 * @param model what is computed
 */
public record CostModel(MachineProfile machine, List<Tier> tiers, ModelShape model) {

    /** Rate of a disk that was not measured: one of the slower ones that weights are worth being read from. */
    private static final double UNMEASURED_DISK = 1e9;

    /** A lone row costs the processor as much as so many bytes more: memory is waited for at each beginning (docs/BENCHMARKS.md). */
    private static final double LONE_ROW_BYTES = 6 << 10;

    /** A disk reads whole pages, and a request costs about as much as reading so many bytes more. */
    private static final double LONE_READ_BYTES = 16 << 10;

    /** Attention over many tokens reaches this share of the rate of products: an estimate. */
    private static final double ATTENTION = 0.5;

    private static final Encoding HALF = Encoding.F16;

    /** What one half of a layer asks of each device, in seconds, and of buses, in bytes. */
    private static final class Load {
        double gpu;
        double processor;
        double gpuBytes;
        double processorBytes;
        double streamed;
        double mapped;
        double disk;
        double diskOnDemand;
        double processorsDisk; // of that, what the processor waits for

        void add(Load other, int times) {
            gpu += times * other.gpu;
            processor += times * other.processor;
            gpuBytes += times * other.gpuBytes;
            processorBytes += times * other.processorBytes;
            streamed += times * other.streamed;
            mapped += times * other.mapped;
            disk += times * other.disk;
            diskOnDemand += times * other.diskOnDemand;
            processorsDisk += times * other.processorsDisk;
        }
    }

    /** Whether processor and bus read host memory at the same time, which both feel. */
    private enum Sharing {
        ALONE,
        BOTH
    }

    /** A token of one reply, in words: rate and what binds. */
    public ThroughputEstimate decode(Plan plan, Footprint footprint, int context) {
        StepCost cost = step(plan, footprint, Step.decode(context));
        return new ThroughputEstimate(
                1 / cost.seconds(),
                bound(cost),
                plan.tiers().contains(Tier.DISK) && machine.disks().isEmpty());
    }

    /** A whole prompt for each sequence, in steps as the engine takes them; the last one gives the first token of the reply. */
    public StepCost prefill(Plan plan, Footprint footprint, int tokens, int sequences) {
        StepCost sum = null;
        for (int from = 0; from < tokens; from += Workload.STEP_TOKENS) {
            StepCost part = step(plan, footprint, new Step(1, Math.min(Workload.STEP_TOKENS, tokens - from), from));
            sum = sum == null ? part : sum.then(part);
        }
        if (sum == null) {
            throw new IllegalArgumentException("a prompt of " + tokens + " tokens");
        }
        StepCost one = sum;
        for (int i = 1; i < sequences; i++) {
            sum = sum.then(one);
        }
        return sum;
    }

    /** One step. */
    public StepCost step(Plan plan, Footprint footprint, Step step) {
        return step(plan, metered(plan, footprint), step);
    }

    BlockSizes metered(Plan plan, Footprint footprint) {
        return new BlockSizes.Metered(plan, footprint, model);
    }

    /** The same with sizes from elsewhere. */
    StepCost step(Plan plan, BlockSizes sizes, Step step) {
        Regime regime = plan.regime(step.rows());
        List<Run> runs = new ArrayList<>();
        for (int i = 0; i < plan.layers().size(); i += runs.getLast().layers()) {
            runs.add(new Run(Schedule.layer(plan, i, regime, tiers), sizes.alike(i)));
        }
        List<Schedule.DeviceTasks> last = Schedule.head(plan, regime, tiers);
        Sharing sharing = sharing(runs, last);
        Load all = new Load();
        List<Double> layers = new ArrayList<>();
        double devices = 0;
        for (Run run : runs) {
            Schedule.Layer layer = run.layer();
            Load load = new Load();
            double seconds = half(layer.home(), layer.attention(), sizes, step, sharing, load)
                    + half(layer.home(), layer.feedForward(), sizes, step, sharing, load);
            layers.addAll(Collections.nCopies(run.layers(), seconds));
            devices += run.layers() * seconds;
            all.add(load, run.layers());
        }
        Step rows = step.head();
        double head = half(plan.headHome(), last, sizes, rows, sharing, all) + logits(plan, rows.rows());
        layers.add(head);
        devices += head;
        return cost(devices, layers, all, sharing);
    }

    /** So many layers in a row that cost the same. */
    private record Run(Schedule.Layer layer, int layers) {}

    private StepCost cost(double devices, List<Double> layers, Load all, Sharing sharing) {
        double bus = (all.streamed + all.mapped) / upload(sharing);
        double disk = (all.disk + all.diskOnDemand) / diskRate();
        Map<Resource, Double> busy = new EnumMap<>(Resource.class);
        busy.put(Resource.GPU, all.gpu);
        busy.put(Resource.PROCESSOR, all.processor);
        busy.put(Resource.BUS, bus);
        busy.put(Resource.DISK, disk);
        Map<Resource, Double> bytes = new EnumMap<>(Resource.class);
        bytes.put(Resource.GPU, all.gpuBytes);
        bytes.put(Resource.PROCESSOR, all.processorBytes);
        bytes.put(Resource.BUS, all.streamed + all.mapped);
        bytes.put(Resource.DISK, all.disk + all.diskOnDemand);
        return new StepCost(Math.max(devices, Math.max(bus, disk)), layers, busy, bytes);
    }

    /** The processor reads weights in place while others cross the bus. */
    private Sharing sharing(List<Run> runs, List<Schedule.DeviceTasks> head) {
        List<Schedule.DeviceTasks> all = Stream.concat(
                        runs.stream().flatMap(run -> run.layer().tasks()), head.stream())
                .toList();
        boolean processor = all.stream().anyMatch(tasks -> tiers.get(tasks.device()) == Tier.HOST);
        boolean bus = all.stream()
                .filter(tasks -> tiers.get(tasks.device()) == Tier.GPU)
                .flatMap(tasks -> tasks.entries().stream())
                .anyMatch(entry -> entry.access() != Access.RESIDENT);
        return processor && bus ? Sharing.BOTH : Sharing.ALONE;
    }

    /** Seconds of one half of a layer; what it reads is added to {@code all}. */
    private double half(
            int home, List<Schedule.DeviceTasks> tasks, BlockSizes sizes, Step step, Sharing sharing, Load all) {
        Load load = new Load();
        for (Schedule.DeviceTasks device : tasks) {
            boolean processor = tiers.get(device.device()) == Tier.HOST;
            double starts = new OperationCount(model, tiers).of(device, step);
            if (processor) {
                // Where the residual stream is elsewhere, its threads are asleep when the rows come.
                boolean waits = device.device() != home;
                double first =
                        waits ? machine.host().wakeSeconds() : machine.host().startSeconds();
                load.processor += first + (starts - 1) * machine.host().startSeconds();
            } else {
                load.gpu += starts * gpu().startSeconds();
            }
            for (Schedule.Entry entry : device.entries()) {
                double times = entry.share() * model.timesRead(entry.block(), entry.shard(), step.rows());
                weights(entry, times * sizes.bytes(entry.block(), entry.shard()), step, sharing, load);
                if (entry.block().component() == Component.HEADS) {
                    attention(entry, step, load);
                }
            }
        }
        all.add(load, 1);
        double waiting = load.mapped / upload(sharing) + (load.diskOnDemand - load.processorsDisk) / diskRate();
        boolean together = tasks.stream().allMatch(device -> device.device() == home);
        double handOver = together ? 0 : 2 * gpu().bus().handOverSeconds(); // there and back
        return handOver + Math.max(load.gpu + waiting, load.processor + load.processorsDisk / diskRate());
    }

    private void weights(Schedule.Entry entry, double bytes, Step step, Sharing sharing, Load load) {
        Encoding encoding = model.encoding(entry.block().component());
        double weights = bytes / ProductRates.bytesPerWeight(encoding);
        boolean processor = tiers.get(entry.device()) == Tier.HOST;
        boolean gated = entry.block().component() == Component.DOWN
                && entry.access() != Access.STREAMED
                && model.activeShare() < 1;
        double active = gated ? model.activeInAny(step.rows()) : 1;
        int rows = model.rowsEach(entry.block(), entry.shard(), step.rows());
        if (processor) {
            double read = gated ? Math.min(1, active * (1 + LONE_ROW_BYTES / rowBytes(entry, bytes))) : 1;
            load.processor += processorSeconds(encoding, read * weights, rows, sharing);
            load.processorBytes += active * bytes;
        } else {
            load.gpu += gpu().products().seconds(encoding, active * weights, rows);
            load.gpuBytes += active * bytes;
            switch (entry.access()) {
                case RESIDENT -> {}
                case STREAMED -> load.streamed += bytes;
                case MAPPED, ON_DEMAND -> load.mapped += active * bytes;
            }
        }
        if (entry.shard().tier() == Tier.DISK) {
            if (entry.access() == Access.ON_DEMAND) {
                double read = Math.min(1, active * (1 + LONE_READ_BYTES / rowBytes(entry, bytes))) * bytes;
                load.diskOnDemand += read;
                load.processorsDisk += processor ? read : 0;
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
    private double processorSeconds(Encoding encoding, double weights, int tokens, Sharing sharing) {
        MachineProfile.Host host = machine.host();
        double alone = host.products().seconds(encoding, weights, tokens);
        if (sharing == Sharing.ALONE) {
            return alone;
        }
        Double both = gpu().bus().productsBoth().get(encoding.name());
        if (both != null) {
            return Math.max(alone, weights / both);
        }
        double reached = Math.min(1, bestProduct(host) / host.read());
        double bytes = weights * ProductRates.bytesPerWeight(encoding);
        return Math.max(alone, bytes / (reached * gpu().bus().hostReadBoth()));
    }

    private static double bestProduct(MachineProfile.Host host) {
        double best = 0;
        for (Encoding encoding : Encoding.ALL) {
            best = Math.max(best, host.products().readBytesPerSecond(encoding));
        }
        return best;
    }

    /** Attention is where the keys and values are: few tokens read them all, many are arithmetic. */
    private void attention(Schedule.Entry entry, Step step, Load load) {
        boolean processor = tiers.get(entry.attends()) == Tier.HOST;
        int heads = entry.shard().size();
        double attended = step.sequences() * step.attended();
        double rate = processor ? machine.host().attend() : gpu().attend();
        double reading = 2 * model.kvNumbers(heads) * attended / rate; // of 16 bits each, as was measured
        ProductRates products = processor ? machine.host().products() : gpu().products();
        double queries = (double) model.spec().heads() / model.spec().keyHeads();
        double pairs = queries * model.kvNumbers(heads) * attended * step.tokens();
        double arithmetic = products.seconds(HALF, pairs / step.tokens(), step.tokens()) / ATTENTION;
        double seconds = step.tokens() == 1 ? reading : Math.max(reading, arithmetic);
        double bytes = model.kvBytes(heads) * attended;
        if (processor) {
            load.processor += seconds;
            load.processorBytes += bytes;
        } else {
            load.gpu += seconds;
            load.gpuBytes += bytes;
        }
    }

    /** Copying them to the Java heap, where the sampler reads them. */
    private double logits(Plan plan, int rows) {
        boolean onGpu = plan.head().stream().anyMatch(shard -> tiers.get(shard.device()) == Tier.GPU);
        double bytes = 4.0 * model.spec().vocabulary() * rows;
        return bytes / (onGpu ? gpu().bus().download() : machine.host().read());
    }

    private double upload(Sharing sharing) {
        return machine.gpu()
                .map(it -> sharing == Sharing.BOTH
                        ? it.bus().uploadBoth()
                        : it.bus().upload())
                .orElse(1.0);
    }

    private double diskRate() {
        return machine.diskRead().orElse(UNMEASURED_DISK);
    }

    private MachineProfile.Gpu gpu() {
        return machine.gpu()
                .orElseThrow(() -> new IllegalStateException("a plan for a GPU, priced for a machine without one"));
    }

    /** The share of the rest that the GPU should compute in steps of so many rows, so that bus and processor are done together. */
    double streamedShare(int rows) {
        double bus = gpu().bus().uploadBoth();
        double weight = ProductRates.bytesPerWeight(model.weights());
        double processor = weight / processorSeconds(model.weights(), 1, rows, Sharing.BOTH);
        return bus / (bus + processor);
    }

    /** What binds, with the bytes that it moves for a token and the rate at which it does. */
    private static String bound(StepCost cost) {
        Resource binding = cost.binding();
        double bytes = cost.bytes(binding);
        return String.format(
                Locale.ROOT,
                "%s: %s a token at %.3g GB/s",
                binding.label(),
                Bytes.format((long) bytes),
                bytes / cost.busy(binding) / 1e9);
    }

    /** No plan of the same bytes can be faster: each resource reads its part at the best rate that was measured of it. */
    public double limitTokensPerSecond(Plan plan, Footprint footprint, int context) {
        StepCost cost = step(plan, footprint, Step.decode(context));
        boolean both = cost.bytes(Resource.BUS) > 0 && cost.bytes(Resource.PROCESSOR) > 0;
        double seconds = cost.bytes(Resource.PROCESSOR)
                / (both ? gpu().bus().hostReadBoth() : machine.host().read());
        if (machine.gpu().isPresent()) {
            seconds = Math.max(seconds, cost.bytes(Resource.GPU) / gpu().read());
            seconds = Math.max(seconds, cost.bytes(Resource.BUS) / upload(both ? Sharing.BOTH : Sharing.ALONE));
        }
        return 1 / Math.max(seconds, cost.bytes(Resource.DISK) / diskRate());
    }
}
