package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Cuts every layer alike: as many heads and neurons on the GPU as fit, the rest in host memory, what does not fit there on
 * disk. Of the rest the processor computes one part in place while the other is sent to the GPU, neurons first, since those
 * have no keys and values.
 *
 * <p>Device 0 is the GPU and device 1 the processor; without a GPU the processor is device 0.
 */
public final class Planner {

    /** A block on its way is about this large at most: far above what a copy's start costs, far below the GPU's memory. */
    private static final long MOST_BLOCK_BYTES = 96L << 20;

    private static final long LEAST_BLOCK_BYTES = 64L << 10;

    /** Share of the GPU that one slot of the ring may take. */
    private static final int BLOCKS_PER_GPU = 128;

    /** Beyond what any machine has; below it, sums of sizes fit a long. */
    private static final double MOST_BYTES = 0x1p50;

    private static final double GIB = 1 << 30;

    private static final int GPU = 0;
    private static final int PROCESSOR = 1;

    private final ModelSizes sizes;
    private final Budget budget;

    public Planner(ModelSizes sizes, Budget budget) {
        this.sizes = sizes;
        this.budget = budget;
    }

    /**
     * A plan for the processor alone.
     *
     * @throws EngineException of kind PLACEMENT if host memory is too small and there is no disk to help
     */
    public Plan forProcessor() {
        requireSanity();
        long kv = (long) sizes.spec().layers() * sizes.spec().keyHeads() * sizes.kvBytesPerHead();
        long fixed = sizes.homeBytes()
                + kv
                + sizes.activationBytes(sizes.spec().keyHeads(), sizes.spec().ffnWidth(), 0);
        Cut all = new Cut(sizes.spec().keyHeads(), sizes.spec().ffnWidth());
        long weights = sizes.layerBytes() * sizes.spec().layers();
        if (fixed + weights <= budget.hostBytes()) {
            return Plan.onOneDevice(sizes.spec(), Tier.HOST);
        }
        long block = Math.clamp(budget.hostBytes() / BLOCKS_PER_GPU, LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES);
        long ring = ringBytes(block);
        Cut inMemory = largest(all, cut -> fixed + ring + cut.bytes() <= budget.hostBytes());
        if (!budget.disk() || fixed + ring > budget.hostBytes()) {
            throw tooLargeForHost((double) (weights + fixed - kv), (double) kv);
        }
        Pieces heads = new Pieces();
        heads.add(inMemory.heads(), Integer.MAX_VALUE, Tier.HOST, GPU, GPU);
        heads.add(all.heads() - inMemory.heads(), headsPerBlock(block), Tier.DISK, GPU, GPU);
        Pieces neurons = new Pieces();
        neurons.add(inMemory.neurons(), Integer.MAX_VALUE, Tier.HOST, GPU, GPU);
        neurons.add(all.neurons() - inMemory.neurons(), neuronsPerBlock(block), Tier.DISK, GPU, GPU);
        return alike(heads, neurons);
    }

    /**
     * A plan for one GPU and the processor.
     *
     * @param rates asked for only if the model does not fit the GPU
     * @throws EngineException of kind PLACEMENT if some memory is too small for any plan
     */
    public Plan forGpu(Supplier<Bandwidths> rates) {
        requireSanity();
        Cut all = new Cut(sizes.spec().keyHeads(), sizes.spec().ffnWidth());
        if (wholeBytes(all) <= budget.gpuBytes()) {
            return Plan.onOneDevice(sizes.spec(), Tier.GPU);
        }
        long block = Math.clamp(budget.gpuBytes() / BLOCKS_PER_GPU, LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES);
        long fixed = sizes.homeBytes() + ringBytes(block);
        Sending wanted = new Sending(rates.get().streamedShare(), true);
        Cut none = new Cut(0, 0);
        // Heads that are sent need their keys and values on the GPU; where those do not fit, they stay with the
        // processor.
        Sending sending = fits(none, all, block, fixed, wanted) ? wanted : new Sending(wanted.share(), false);
        Cut onGpu = largest(all, cut -> fits(cut, all, block, fixed, sending));
        if (!fits(onGpu, all, block, fixed, sending)) {
            long least = fixed + gpuBytes(none, all, block, sending);
            throw EngineException.placement("The GPU has " + Bytes.format(Math.max(0, budget.gpuBytes()))
                    + " left for this model, and the smallest plan needs " + Bytes.format(least) + " there ("
                    + Bytes.format(sizes.homeBytes())
                    + " for its embeddings, the rest for work in progress); allow more with --gpu-memory, shorten"
                    + " --context, or use --device cpu");
        }
        return cutRest(all, onGpu, block, sending);
    }

    private long wholeBytes(Cut all) {
        return sizes.homeBytes()
                + all.bytes()
                + kvOnGpu(all.heads())
                + sizes.activationBytes(all.heads(), all.neurons(), 0)
                + slack();
    }

    /** What rounding to the GPU's units and alignment can add to its dozen buffers and to two shards a layer. */
    private long slack() {
        return 12 * budget.gpuUnit() + 2L * sizes.spec().layers() * ModelSizes.SHARD_SLACK;
    }

    /** Keys and values of so many heads of every layer: a buffer for each page, or small ones that share a unit. */
    private long kvOnGpu(int heads) {
        long unit = budget.gpuUnit();
        long page = (long) sizes.spec().layers() * heads * sizes.kvPageBytesPerHead();
        return page >= unit / 2
                ? sizes.kvPages() * (Math.ceilDiv(page, unit) * unit)
                : Math.ceilDiv(sizes.kvPages(), unit / Math.max(1, page)) * unit;
    }

    private boolean fits(Cut onGpu, Cut all, long block, long fixed, Sending sending) {
        return fixed + gpuBytes(onGpu, all, block, sending) <= budget.gpuBytes();
    }

    /** Weights, keys and values, and activations on the GPU, without tables and ring. */
    private long gpuBytes(Cut onGpu, Cut all, long block, Sending sending) {
        Cut sent = sent(all.without(onGpu), sending);
        int lentHeads = Math.min(all.heads() - onGpu.heads(), headsPerBlock(block));
        int heads = Math.max(onGpu.heads(), sent.heads() > 0 ? lentHeads : 0);
        int neurons = Math.max(onGpu.neurons(), Math.min(all.neurons() - onGpu.neurons(), neuronsPerBlock(block)));
        return onGpu.bytes()
                + kvOnGpu(onGpu.heads() + sent.heads())
                + sizes.activationBytes(heads, neurons, lentHeads)
                + slack();
    }

    /**
     * How much of the rest is sent to the GPU also for few tokens.
     *
     * @param share of its bytes
     * @param heads whether heads may be among them
     */
    private record Sending(double share, boolean heads) {}

    /** What of the rest the GPU computes also for few tokens: neurons first. */
    private Cut sent(Cut rest, Sending sending) {
        if (sending.share() == 1) {
            return new Cut(sending.heads() ? rest.heads() : 0, rest.neurons());
        }
        long bytes = (long) (sending.share() * rest.bytes() / sizes.spec().layers());
        int neurons = (int) Math.min(rest.neurons(), bytes / sizes.neuronBytes());
        long left = sending.heads() ? bytes - neurons * sizes.neuronBytes() : 0;
        return new Cut((int) Math.min(rest.heads(), left / sizes.headBytes()), neurons);
    }

    private Plan cutRest(Cut all, Cut onGpu, long block, Sending sending) {
        Cut rest = all.without(onGpu);
        Cut sent = sent(rest, sending);
        long kv = rest.without(sent).kvBytes();
        Cut inHost = largest(rest, cut -> cut.bytes() + kv + hostReserve(block) <= budget.hostBytes());
        Cut onDisk = rest.without(inHost);
        boolean noRoom = kv + hostReserve(block) > budget.hostBytes();
        if (noRoom || (!budget.disk() && onDisk.bytes() > 0)) {
            throw tooLargeForHost((double) (rest.bytes() + hostReserve(block)), (double) kv);
        }
        // Neurons on disk pass through the GPU; of what is left in memory the processor keeps its share.
        Cut sentFromHost = new Cut(
                Math.min(inHost.heads(), sent.heads()),
                Math.clamp(sent.neurons() - onDisk.neurons(), 0, inHost.neurons()));
        Cut computed = inHost.without(sentFromHost);
        int sentFromDisk = sent.heads() - sentFromHost.heads();
        Pieces heads = new Pieces();
        heads.add(onGpu.heads(), Integer.MAX_VALUE, Tier.GPU, GPU, GPU);
        heads.add(computed.heads(), headsPerBlock(block), Tier.HOST, PROCESSOR, GPU);
        heads.add(sentFromHost.heads(), headsPerBlock(block), Tier.HOST, GPU, GPU);
        heads.add(sentFromDisk, headsPerBlock(block), Tier.DISK, GPU, GPU);
        heads.add(onDisk.heads() - sentFromDisk, headsPerBlock(block), Tier.DISK, PROCESSOR, GPU);
        Pieces neurons = new Pieces();
        neurons.add(onGpu.neurons(), Integer.MAX_VALUE, Tier.GPU, GPU, GPU);
        neurons.add(computed.neurons(), neuronsPerBlock(block), Tier.HOST, PROCESSOR, GPU);
        neurons.add(sentFromHost.neurons(), neuronsPerBlock(block), Tier.HOST, GPU, GPU);
        neurons.add(onDisk.neurons(), neuronsPerBlock(block), Tier.DISK, GPU, GPU);
        return alike(heads, neurons);
    }

    /** Host memory for everything that is no weight: page-locked buffers, activations, what loading needs. */
    private long hostReserve(long block) {
        return 8 * ringBytes(block) / Plan.RING_SLOTS
                + sizes.activationBytes(sizes.spec().keyHeads(), sizes.spec().ffnWidth(), 0);
    }

    private long ringBytes(long block) {
        return Plan.RING_SLOTS
                * (Math.max(block, Math.max(sizes.headBytes(), sizes.neuronBytes())) + ModelSizes.SHARD_SLACK);
    }

    private int headsPerBlock(long block) {
        return (int) Math.max(1, block / sizes.headBytes());
    }

    private int neuronsPerBlock(long block) {
        return (int) Math.max(1, block / sizes.neuronBytes());
    }

    private Plan alike(Pieces heads, Pieces neurons) {
        LayerPlan layer = new LayerPlan(heads.shards, neurons.shards);
        return new Plan(Collections.nCopies(sizes.spec().layers(), layer));
    }

    /** Doubles do not overflow, whatever sizes a file may state. */
    private void requireSanity() {
        double weights = sizes.weights().bytes() * (double) sizes.spec().parameters();
        double kv = 2.0
                * sizes.spec().layers()
                * sizes.spec().keyHeads()
                * sizes.context()
                * sizes.kv().rowBytes(sizes.spec().headDim());
        if (weights + kv > MOST_BYTES) {
            throw tooLargeForHost(weights, kv);
        }
    }

    private EngineException tooLargeForHost(double weights, double kv) {
        String remedy =
                budget.disk() ? "allow more with --cpu-memory, or" : "keep the rest on disk with --disk-dir DIR, or";
        return EngineException.placement(String.format(
                Locale.ROOT,
                "The model needs %.1f GiB for weights and %.1f GiB for a context of %d tokens, but %.1f GiB of"
                        + " host memory are free; %s choose a smaller model or --context",
                weights / GIB,
                kv / GIB,
                sizes.context(),
                budget.hostBytes() / GIB,
                remedy));
    }

    /** Whether a cut is small enough. */
    private interface Limit {
        boolean allows(Cut cut);
    }

    /** The largest part of {@code whole} that the limit allows, heads and neurons in proportion; the empty one if none is. */
    private Cut largest(Cut whole, Limit limit) {
        int low = 0; // of 2^16
        int high = 1 << 16;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (limit.allows(whole.part(middle))) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return whole.part(low);
    }

    /** So many heads and neurons of every layer. */
    private final class Cut {
        private final int heads;
        private final int neurons;

        Cut(int heads, int neurons) {
            this.heads = heads;
            this.neurons = neurons;
        }

        int heads() {
            return heads;
        }

        int neurons() {
            return neurons;
        }

        /** Whole heads; neurons make up for what rounding leaves. */
        Cut part(int share) {
            long bytes = (bytes() / sizes.spec().layers() * share) >> 16;
            int partHeads = (int) (((long) heads * share) >> 16);
            long left = bytes - partHeads * sizes.headBytes();
            return new Cut(partHeads, Math.clamp(left / sizes.neuronBytes(), 0, neurons));
        }

        Cut without(Cut other) {
            return new Cut(heads - other.heads, neurons - other.neurons);
        }

        /** Weights in all layers. */
        long bytes() {
            return sizes.spec().layers() * (heads * sizes.headBytes() + neurons * sizes.neuronBytes());
        }

        /** Keys and values in all layers. */
        long kvBytes() {
            return (long) sizes.spec().layers() * heads * sizes.kvBytesPerHead();
        }
    }

    /** Shards in order, without gaps. */
    private static final class Pieces {
        final List<Shard> shards = new ArrayList<>();
        private int next;

        /** The next {@code count}, in equal pieces of at most {@code most}. */
        void add(int count, int most, Tier tier, int device, int prefillDevice) {
            int pieces = Math.ceilDiv(count, most);
            int from = next;
            for (int i = 0; i < pieces; i++) {
                int end = from + (int) ((long) count * (i + 1) / pieces);
                shards.add(new Shard(next, end, tier, device, prefillDevice));
                next = end;
            }
        }
    }
}
