package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Makes plans that cut every layer of a model alike. */
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
    private final Cut all;
    private final long block;

    /**
     * Learns the sizes.
     *
     * @param whole footprint of the model in one piece a layer
     * @param scarceBytes of the memory that blocks pass through
     */
    Cuts(ModelSpec spec, Footprint whole, long scarceBytes, int processor) {
        this.spec = spec;
        this.processor = processor;
        long heads = 0;
        long neurons = 0;
        for (int layer = 0; layer < spec.layers(); layer++) {
            heads += whole.blockBytes(new BlockId(layer, Component.HEADS, 0));
            neurons += whole.blockBytes(new BlockId(layer, Component.UP, 0))
                    + whole.blockBytes(new BlockId(layer, Component.DOWN, 0));
        }
        long headBytes = Math.max(1, heads / spec.layers() / spec.keyHeads());
        long neuronBytes = Math.max(1, neurons / spec.layers() / spec.ffnWidth());
        this.all = new Cut(spec.keyHeads(), spec.ffnWidth(), headBytes, neuronBytes);
        long block = Math.clamp(scarceBytes / BLOCKS_PER_MEMORY, LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES);
        this.block = Math.max(block, all.bytes() / MOST_BLOCKS);
    }

    /** A whole layer. */
    Cut all() {
        return all;
    }

    private int headsPerBlock() {
        return (int) Math.max(1, block / all.headBytes());
    }

    /** Of one half of them. */
    private int neuronsPerBlock() {
        return (int) Math.max(1, 2 * block / all.neuronBytes());
    }

    /** For the processor: what is not in host memory comes from disk. */
    Plan withDisk(Cut inHost) {
        Pieces heads = new Pieces();
        heads.add(inHost.heads(), Integer.MAX_VALUE, Tier.HOST, processor, processor);
        heads.add(all.heads() - inHost.heads(), headsPerBlock(), Tier.DISK, processor, processor);
        Pieces neurons = new Pieces();
        neurons.add(inHost.neurons(), Integer.MAX_VALUE, Tier.HOST, processor, processor);
        neurons.add(all.neurons() - inHost.neurons(), neuronsPerBlock(), Tier.DISK, processor, processor);
        return alike(heads, neurons, processor, processor, Tier.HOST);
    }

    /**
     * For a GPU and the processor.
     *
     * @param onGpu kept there
     * @param inHost kept in host memory; what is in neither is on disk
     */
    Plan withGpu(Cut onGpu, Cut inHost, Offload offload) {
        int gpu = offload.gpu();
        Cut rest = all.without(onGpu);
        Cut streamed = offload.streamed(rest);
        Cut onDisk = rest.without(inHost);
        // Neurons on disk pass through the GPU; of what is left in memory the processor keeps its share.
        Cut streamedFromHost = all.with(
                Math.min(inHost.heads(), streamed.heads()),
                Math.clamp(streamed.neurons() - onDisk.neurons(), 0, inHost.neurons()));
        Cut computed = inHost.without(streamedFromHost);
        int headsFromDisk = Math.min(onDisk.heads(), streamed.heads() - streamedFromHost.heads());
        Pieces heads = new Pieces();
        heads.add(onGpu.heads(), Integer.MAX_VALUE, Tier.GPU, gpu, gpu);
        heads.add(computed.heads(), headsPerBlock(), Tier.HOST, processor, gpu);
        heads.add(streamedFromHost.heads(), headsPerBlock(), Tier.HOST, gpu, gpu);
        heads.add(headsFromDisk, headsPerBlock(), Tier.DISK, gpu, gpu);
        heads.add(onDisk.heads() - headsFromDisk, headsPerBlock(), Tier.DISK, processor, gpu);
        Pieces neurons = new Pieces();
        neurons.add(onGpu.neurons(), Integer.MAX_VALUE, Tier.GPU, gpu, gpu);
        neurons.add(computed.neurons(), neuronsPerBlock(), Tier.HOST, processor, gpu);
        neurons.add(streamedFromHost.neurons(), neuronsPerBlock(), Tier.HOST, gpu, gpu);
        neurons.add(onDisk.neurons(), neuronsPerBlock(), Tier.DISK, gpu, gpu);
        Tier tables = offload.tables() == gpu ? Tier.GPU : Tier.HOST;
        return alike(heads, neurons, gpu, offload.tables(), tables);
    }

    private Plan alike(Pieces heads, Pieces neurons, int home, int tables, Tier tablesTier) {
        LayerPlan layer = new LayerPlan(home, heads.shards, neurons.shards, neurons.shards);
        List<Shard> head = List.of(new Shard(0, spec.vocabulary(), tablesTier, tables, Access.RESIDENT));
        return new Plan(
                tables, Collections.nCopies(spec.layers(), layer), head, Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
    }

    /** Shards in order, without gaps. */
    private final class Pieces {
        final List<Shard> shards = new ArrayList<>();
        private int next;

        /** The next {@code count}, in equal pieces of at most {@code most}. */
        void add(int count, int most, Tier tier, int device, int prefillDevice) {
            boolean inPlace = tier == Tier.GPU || (tier == Tier.HOST && device == processor);
            Access access = inPlace ? Access.RESIDENT : Access.STREAMED;
            int pieces = Math.ceilDiv(count, most);
            int from = next;
            for (int i = 0; i < pieces; i++) {
                int end = from + (int) ((long) count * (i + 1) / pieces);
                shards.add(new Shard(next, end, tier, device, prefillDevice, access));
                next = end;
            }
        }
    }
}
