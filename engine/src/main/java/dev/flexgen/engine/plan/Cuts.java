package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes plans that cut every layer of a model alike, or all layers of a GPU. */
final class Cuts {

    /** A block on its way is about this large at most: far above what a copy's start costs, far below the GPU's memory. */
    private static final long MOST_BLOCK_BYTES = 96L << 20;

    private static final long LEAST_BLOCK_BYTES = 64L << 10;
    /** Share of the scarcest memory that one slot of the ring may take. */
    private static final int BLOCKS_PER_MEMORY = 128;

    /** Of a layer: more would make plans large, and copies small. */
    private static final int MOST_BLOCKS = 256;

    private final ModelSpec spec;
    private final int processor;
    private final LayerSizes sizes;
    private final long block;

    /**
     * Learns the sizes.
     *
     * @param sizes of a layer's parts
     * @param scarceBytes of the memory that blocks pass through
     */
    Cuts(ModelSpec spec, LayerSizes sizes, long scarceBytes, int processor) {
        this.spec = spec;
        this.processor = processor;
        this.sizes = sizes;
        long block = Math.clamp(scarceBytes / BLOCKS_PER_MEMORY, LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES);
        this.block = Math.max(block, sizes.all().bytes() / MOST_BLOCKS);
    }

    private int headsPerBlock() {
        return (int) Math.max(1, block / sizes.headBytes());
    }

    /** Of one half of them. */
    private int neuronsPerBlock() {
        return (int) Math.max(1, block / Math.max(sizes.upBytes(), sizes.downBytes()));
    }

    /** For the processor: what is not in host memory comes from disk. */
    Plan withDisk(Cut inHost) {
        Cut onDisk = sizes.all().without(inHost);
        Pieces heads = new Pieces(1);
        heads.add(inHost.heads(), Integer.MAX_VALUE, Tier.HOST, processor, processor);
        heads.add(onDisk.heads(), headsPerBlock(), Tier.DISK, processor, processor);
        Pieces neurons = new Pieces(sizes.neuronStep());
        neurons.add(inHost.ups(), Integer.MAX_VALUE, Tier.HOST, processor, processor);
        neurons.add(onDisk.ups(), neuronsPerBlock(), Tier.DISK, processor, processor);
        LayerPlan layer = new LayerPlan(processor, heads.shards, neurons.shards, neurons.shards);
        return plan(Collections.nCopies(spec.layers(), layer), processor, Tier.HOST);
    }

    /**
     * For GPUs and the processor.
     *
     * @param onGpus kept there of each layer, by GPU
     * @param inHost kept in host memory of each layer, by GPU; what is in neither is on disk, and there is no such thing if the
     *     offload is gated
     */
    Plan withGpus(List<Cut> onGpus, List<Cut> inHost, Offload offload) {
        Map<Integer, LayerPlan> kinds = new HashMap<>();
        offload.turns().gpus().forEach(gpu -> kinds.put(gpu, layer(gpu, onGpus.get(gpu), inHost.get(gpu), offload)));
        List<LayerPlan> layers =
                offload.turns().homes().stream().map(kinds::get).toList();
        return plan(layers, offload.tables(), offload.tables() == processor ? Tier.HOST : Tier.GPU);
    }

    private LayerPlan layer(int gpu, Cut onGpu, Cut inHost, Offload offload) {
        Cut rest = sizes.all().without(onGpu);
        Cut streamed = offload.streamed(rest);
        Cut onDisk = rest.without(inHost);
        // Neurons on disk pass through the GPU; of what is left in memory the processor keeps its share.
        int streamedHeads = Math.min(inHost.heads(), streamed.heads());
        int streamedNeurons = Math.clamp(streamed.ups() - onDisk.ups(), 0, inHost.ups());
        int headsFromDisk = Math.min(onDisk.heads(), streamed.heads() - streamedHeads);
        Pieces heads = new Pieces(1);
        heads.add(onGpu.heads(), Integer.MAX_VALUE, Tier.GPU, gpu, gpu);
        heads.add(inHost.heads() - streamedHeads, headsPerBlock(), Tier.HOST, processor, gpu);
        heads.add(streamedHeads, headsPerBlock(), Tier.HOST, gpu, gpu);
        heads.add(headsFromDisk, headsPerBlock(), Tier.DISK, gpu, gpu);
        heads.add(onDisk.heads() - headsFromDisk, headsPerBlock(), Tier.DISK, processor, gpu);
        Access fromHost = offload.gated() ? Access.MAPPED : Access.STREAMED;
        Pieces ups = new Pieces(sizes.neuronStep());
        Pieces downs = new Pieces(sizes.neuronStep());
        for (Pieces half : List.of(ups, downs)) {
            half.add(onGpu.downs(), Integer.MAX_VALUE, Tier.GPU, gpu, gpu);
            int below = onGpu.ups() - onGpu.downs();
            if (half == ups) {
                half.add(below, neuronsPerBlock(), Tier.GPU, gpu, gpu);
            } else {
                half.add(below, neuronsPerBlock(), Tier.HOST, gpu, gpu, fromHost);
            }
            half.add(inHost.ups() - streamedNeurons, neuronsPerBlock(), Tier.HOST, processor, gpu);
            Access access = half == ups ? Access.STREAMED : fromHost;
            half.add(streamedNeurons, neuronsPerBlock(), Tier.HOST, gpu, gpu, access);
            half.add(onDisk.ups(), neuronsPerBlock(), Tier.DISK, gpu, gpu);
        }
        return new LayerPlan(gpu, heads.shards, ups.shards, downs.shards);
    }

    private Plan plan(List<LayerPlan> layers, int tables, Tier tablesTier) {
        List<Shard> head = List.of(new Shard(0, spec.vocabulary(), tablesTier, tables, Access.RESIDENT));
        return new Plan(tables, layers, head, Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
    }

    /** Shards in order, without gaps. */
    private final class Pieces {
        final List<Shard> shards = new ArrayList<>();
        private final int step;
        private int next;

        /** @param step ends of pieces are multiples of it, where there are several */
        Pieces(int step) {
            this.step = step;
        }

        /** The next {@code count}, in equal pieces of at most {@code most}; what the device does not hold is streamed to it. */
        void add(int count, int most, Tier tier, int device, int prefillDevice) {
            boolean inPlace = tier == Tier.GPU || (tier == Tier.HOST && device == processor);
            add(count, most, tier, device, prefillDevice, inPlace ? Access.RESIDENT : Access.STREAMED);
        }

        void add(int count, int most, Tier tier, int device, int prefillDevice, Access access) {
            int pieces = Math.ceilDiv(count, most);
            int from = next;
            for (int i = 0; i < pieces; i++) {
                int end = i == pieces - 1 ? from + count : from + (int) ((long) count * (i + 1) / pieces / step) * step;
                if (end == next) {
                    continue;
                }
                shards.add(new Shard(next, end, tier, device, prefillDevice, access));
                next = end;
            }
        }
    }
}
