package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
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
        List<Run> runs = runs(plan, sizes, regime);
        List<Schedule.DeviceTasks> last = Schedule.head(plan, regime, tiers);
        HostReaders readers = readers(runs, last);
        Map<Integer, BusTurns.Turn> prices = new HashMap<>();
        StepLoad all = new StepLoad(tiers.size());
        List<BusTurns.Turn> turns = new ArrayList<>();
        List<Double> layers = new ArrayList<>();
        int at = plan.layers().getFirst().home();
        for (Run run : runs) {
            Schedule.Layer layer = run.layer();
            BusTurns.Turn price = prices.computeIfAbsent(layer.index(), _ -> price(layer, sizes, step, readers));
            StepLoad load = new StepLoad(tiers.size());
            load.add(price.load(), run.layers());
            all.add(load, 1);
            double move = move(at, layer.home(), step.rows());
            at = layer.home();
            layers.add(move + price.seconds());
            layers.addAll(Collections.nCopies(run.layers() - 1, price.seconds()));
            turns.add(new BusTurns.Turn(
                    load, Math.max(move + run.layers() * price.seconds(), slowestBus(load, readers))));
        }
        Step rows = step.head();
        StepLoad head = new StepLoad(tiers.size());
        SublayerPrices ofHead = new SublayerPrices(this, sizes, rows, readers);
        layers.add(ofHead.half(plan.headHome(), last, head) + logits(plan, rows.rows()));
        all.add(head, 1);
        double devices = layers.stream().mapToDouble(Double::doubleValue).sum();
        return cost(devices, layers, all, new BusTurns(turns), plan.ringSlots(), readers);
    }

    /**
     * So many layers in a row that cost the same.
     *
     * @param layer the first of all that do
     */
    private record Run(Schedule.Layer layer, int layers) {}

    private List<Run> runs(Plan plan, BlockSizes sizes, Regime regime) {
        List<Run> runs = new ArrayList<>();
        List<Schedule.Layer> kinds = new ArrayList<>();
        for (int from = 0; from < plan.layers().size(); ) {
            int to = from + 1;
            while (to < plan.layers().size() && alike(plan, sizes, from, to)) {
                to++;
            }
            int first = from;
            Schedule.Layer kind = kinds.stream()
                    .filter(it -> alike(plan, sizes, it.index(), first))
                    .findFirst()
                    .orElseGet(() -> Schedule.layer(plan, first, regime, tiers));
            kinds.add(kind);
            runs.add(new Run(kind, to - from));
            from = to;
        }
        return runs;
    }

    private static boolean alike(Plan plan, BlockSizes sizes, int one, int other) {
        return plan.layers().get(one).equals(plan.layers().get(other)) && sizes.alike(one, other);
    }

    private BusTurns.Turn price(Schedule.Layer layer, BlockSizes sizes, Step step, HostReaders readers) {
        StepLoad load = new StepLoad(tiers.size());
        SublayerPrices prices = new SublayerPrices(this, sizes, step, readers);
        double seconds = prices.half(layer.home(), layer.attention(), load)
                + prices.half(layer.home(), layer.feedForward(), load);
        return new BusTurns.Turn(load, seconds);
    }

    /** Of the residual stream, from one home to another through host memory. */
    private double move(int from, int to, int rows) {
        if (from == to) {
            return 0;
        }
        double bytes = 4.0 * rows * model.spec().width();
        double seconds = 0;
        if (tiers.get(from) == Tier.GPU) {
            seconds +=
                    gpu(from).bus().handOverSeconds() + bytes / gpu(from).bus().download();
        }
        if (tiers.get(to) == Tier.GPU) {
            seconds += gpu(to).bus().handOverSeconds() + bytes / gpu(to).bus().upload();
        }
        return seconds;
    }

    private double slowestBus(StepLoad load, HostReaders readers) {
        return gpus().mapToDouble(i -> load.bus(i) == 0 ? 0 : load.bus(i) / readers.upload(gpu(i)))
                .max()
                .orElse(0);
    }

    private StepCost cost(
            double devices, List<Double> layers, StepLoad all, BusTurns turns, int ringSlots, HostReaders readers) {
        double bus = slowestBus(all, readers);
        double disk = all.disks() / diskRate();
        double seconds = Math.max(devices, Math.max(bus, disk));
        for (int i : gpus().filter(i -> all.streamed[i] > 0).toArray()) {
            double rate = readers.upload(gpu(i));
            double ring = ringSlots * all.streamed[i] / all.blocks[i];
            seconds = turns.seconds(i, seconds, all.bus(i) / rate, rate, ring);
        }
        Map<Resource, Double> busy = new EnumMap<>(Resource.class);
        busy.put(Resource.GPU, all.someGpu);
        busy.put(Resource.PROCESSOR, all.processor);
        busy.put(Resource.BUS, bus);
        busy.put(Resource.DISK, disk);
        Map<Resource, Double> bytes = new EnumMap<>(Resource.class);
        bytes.put(Resource.GPU, all.gpuBytes);
        bytes.put(Resource.PROCESSOR, all.processorBytes);
        bytes.put(Resource.BUS, all.buses());
        bytes.put(Resource.DISK, all.disks());
        return new StepCost(seconds, layers, busy, bytes);
    }

    /** The processor reads weights in place, and others cross buses. */
    private HostReaders readers(List<Run> runs, List<Schedule.DeviceTasks> head) {
        boolean processor = false;
        SortedSet<Integer> buses = new TreeSet<>();
        for (Schedule.DeviceTasks tasks : (Iterable<Schedule.DeviceTasks>) Stream.concat(
                runs.stream().map(Run::layer).distinct().flatMap(Schedule.Layer::tasks), head.stream())::iterator) {
            if (tiers.get(tasks.device()) == Tier.HOST) {
                processor = true;
            } else if (tasks.entries().stream().anyMatch(entry -> entry.access() != Access.RESIDENT)) {
                buses.add(tasks.device());
            }
        }
        return new HostReaders(
                machine.host(), processor, buses.stream().map(this::gpu).toList());
    }

    /** Copying them to the Java heap, where the sampler reads them. */
    private double logits(Plan plan, int rows) {
        double bytes = 4.0 * model.spec().vocabulary() * rows;
        return plan.head().stream()
                .map(Shard::device)
                .filter(device -> tiers.get(device) == Tier.GPU)
                .findFirst()
                .map(device -> bytes / gpu(device).bus().download())
                .orElseGet(() -> bytes / machine.host().read());
    }

    double diskRate() {
        return machine.diskRead().orElse(UNMEASURED_DISK);
    }

    /** The GPUs among the devices. */
    IntStream gpus() {
        return IntStream.range(0, tiers.size()).filter(i -> tiers.get(i) == Tier.GPU);
    }

    /** A profile has them in the order of the devices. */
    MachineProfile.Gpu gpu(int device) {
        int number = (int) gpus().takeWhile(i -> i < device).count();
        if (number >= machine.gpus().size()) {
            throw new IllegalStateException("a plan for a GPU, priced for a machine without it: device " + device);
        }
        return machine.gpus().get(number);
    }

    /**
     * The share of the rest that GPUs should compute in steps of so many rows, so that buses and processor are done together.
     *
     * @param devices GPUs whose buses are busy at the same time
     */
    double streamedShare(int rows, List<Integer> devices) {
        HostReaders readers = new HostReaders(
                machine.host(), true, devices.stream().map(this::gpu).toList());
        double buses = readers.uploads();
        double weight = ProductRates.bytesPerWeight(model.weights());
        double processor = weight / SublayerPrices.processorSeconds(model.weights(), 1, rows, readers);
        return buses / (buses + processor);
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
        boolean processor = cost.bytes(Resource.PROCESSOR) > 0;
        boolean bus = cost.bytes(Resource.BUS) > 0;
        HostReaders readers = new HostReaders(machine.host(), processor, bus ? machine.gpus() : List.of());
        double seconds = cost.bytes(Resource.PROCESSOR) / readers.processorRead();
        if (bus) {
            seconds = Math.max(seconds, cost.bytes(Resource.BUS) / readers.uploads());
        }
        if (cost.bytes(Resource.GPU) > 0) {
            double rate = machine.gpus().stream()
                    .mapToDouble(MachineProfile.Gpu::read)
                    .sum();
            seconds = Math.max(seconds, cost.bytes(Resource.GPU) / rate);
        }
        return 1 / Math.max(seconds, cost.bytes(Resource.DISK) / diskRate());
    }
}
