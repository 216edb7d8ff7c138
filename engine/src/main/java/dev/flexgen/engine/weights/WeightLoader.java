package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import dev.flexgen.engine.weights.NeuronsLayout.Neurons;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Copies a checkpoint's tensors to where the plan wants them. Weights are copied rather than used in the mapped file: held
 * bytes are then bytes that the system cannot take back in the middle of a token. Used once.
 */
public final class WeightLoader implements AutoCloseable {

    static final String OWNER = "weights";

    private final ModelTensors tensors;
    private final ModelSpec spec;
    private final List<Device> devices;
    private final WeightPacker writer;
    private final LongFunction<ScratchFile> disk;
    private final Resources memory = new Resources();
    private final Map<Device, DeviceWriter> placements = new HashMap<>();
    private final Map<Device, MemorySegment> rooms = new HashMap<>();
    /** Blocks of page-locked memory that what is made after loading may need. */
    private static final int RESERVE_BLOCKS = 4;

    private static final long RESERVE_BYTES = 1 << 20;

    private @Nullable Buffer reserve;
    private long largestBlock;
    private boolean pageLocking = true;

    /** @param pool does the copying */
    public WeightLoader(ModelTensors tensors, List<Device> devices, WorkerPool pool, LongFunction<ScratchFile> disk) {
        this.tensors = tensors;
        this.spec = tensors.spec();
        this.devices = devices;
        this.writer = new WeightPacker(tensors, pool);
        this.disk = disk;
    }

    public ModelWeights load(Plan plan) {
        plan.check(spec, devices.stream().map(Device::tier).toList());
        new SupportCheck(tensors, devices).require(plan);
        try {
            @Nullable ScratchFile file = takeRoom(plan);
            UnshardedWeights home = new UnshardedWeights(tensors, placement(devices.getFirst()), memory);
            Matrix tokens = home.matrix(Role.TOKENS);
            Matrix positions = home.matrix(Role.POSITIONS);
            Linear head = new Linear(home.head(tokens), null);
            @Nullable Linear in = spec.projectsEmbedding() ? new Linear(home.matrix(Role.PROJECT_IN), null) : null;
            @Nullable Linear out = spec.projectsEmbedding() ? new Linear(home.matrix(Role.PROJECT_OUT), null) : null;
            @Nullable
            Norm finalNorm =
                    spec.features().finalNorm() ? home.norm(Role.FINAL_NORM_WEIGHT, Role.FINAL_NORM_BIAS, 0) : null;
            reservePageLocked(plan);
            List<ModelWeights.Layer> layers = new ArrayList<>();
            for (int i = 0; i < plan.layers().size(); i++) {
                layers.add(layer(plan.layers().get(i), i, home, file));
            }
            return new ModelWeights(tokens, positions, in, out, finalNorm, head, layers, memory);
        } catch (Throwable e) {
            memory.close();
            throw e;
        }
    }

    /** Takes the memory of each GPU in one piece, and the file, before anything is read. */
    private @Nullable ScratchFile takeRoom(Plan plan) {
        Sizes sizes = new Sizes(devices);
        for (int i = 0; i < plan.layers().size(); i++) {
            for (Shard shard : plan.layers().get(i).heads()) {
                sizes.add(shard, HeadsLayout.of(tensors, shard, i));
            }
            for (Shard shard : plan.layers().get(i).neurons()) {
                sizes.add(shard, NeuronsLayout.of(tensors, shard, i));
            }
        }
        sizes.onGpu.forEach((device, bytes) ->
                rooms.put(device, memory.keep(device.allocate(OWNER, bytes)).segment()));
        largestBlock = sizes.largest;
        return sizes.onDisk == 0 ? null : memory.keep(disk.apply(sizes.onDisk));
    }

    /** Bytes of the blocks that are not in host memory. */
    private static final class Sizes {
        final List<Device> devices;
        final Map<Device, Long> onGpu = new LinkedHashMap<>();
        long onDisk;
        long largest;

        Sizes(List<Device> devices) {
            this.devices = devices;
        }

        void add(Shard shard, BlockLayout<?> layout) {
            switch (shard.tier()) {
                case GPU -> onGpu.merge(devices.get(shard.device()), layout.bytes(), Long::sum);
                case HOST -> {}
                case DISK -> onDisk += layout.bytes();
            }
            if (shard.tier() != Tier.GPU) {
                largest = Math.max(largest, layout.bytes());
            }
        }
    }

    private ModelWeights.Layer layer(LayerPlan plan, int layer, UnshardedWeights home, @Nullable ScratchFile file) {
        List<WeightBlock<Heads>> heads = new ArrayList<>();
        for (Shard shard : plan.heads()) {
            HeadsLayout layout = HeadsLayout.of(tensors, shard, layer);
            heads.add(new WeightBlock<>(
                    shard,
                    layout,
                    place(shard, layout.bytes(), file, block -> writer.heads(layout, shard, layer, block))));
        }
        List<WeightBlock<Neurons>> neurons = new ArrayList<>();
        for (Shard shard : plan.neurons()) {
            NeuronsLayout layout = NeuronsLayout.of(tensors, shard, layer);
            neurons.add(new WeightBlock<>(
                    shard,
                    layout,
                    place(shard, layout.bytes(), file, block -> writer.neurons(layout, shard, layer, block))));
        }
        return new ModelWeights.Layer(
                home.norm(Role.ATTENTION_NORM_WEIGHT, Role.ATTENTION_NORM_BIAS, layer),
                heads,
                home.vector(Role.ATTENTION_OUT_BIAS, layer),
                home.norm(Role.FFN_NORM_WEIGHT, Role.FFN_NORM_BIAS, layer),
                neurons,
                home.vector(Role.DOWN_BIAS, layer));
    }

    private WeightLocation place(Shard shard, long bytes, @Nullable ScratchFile file, Consumer<MemorySegment> fill) {
        return switch (shard.tier()) {
            case GPU -> {
                Device device = devices.get(shard.device());
                MemorySegment block = room(device, bytes);
                placement(device).put(block, fill);
                yield new WeightLocation.Memory(Tier.GPU, block, false);
            }
            case HOST -> {
                Device multiplier = devices.get(shard.prefillDevice());
                @Nullable Buffer locked = multiplier.tier() == Tier.HOST ? null : pageLocked(multiplier, bytes);
                Buffer buffer = memory.keep(locked == null ? host(bytes) : locked);
                fill.accept(buffer.segment());
                yield new WeightLocation.Memory(Tier.HOST, buffer.segment(), locked != null);
            }
            case DISK -> {
                MemorySegment staging = placement(devices.getFirst()).staging(bytes);
                fill.accept(staging);
                if (file == null) {
                    throw new IllegalStateException("no file for " + shard);
                }
                yield new WeightLocation.File(file, file.append(staging), bytes);
            }
        };
    }

    private MemorySegment room(Device device, long bytes) {
        MemorySegment rest = rooms.getOrDefault(device, MemorySegment.NULL);
        rooms.put(device, rest.asSlice(bytes));
        return rest.asSlice(0, bytes);
    }

    /** Weights must not take the last page-locked memory: the buffers through which the rest would have to go need some. */
    private void reservePageLocked(Plan plan) {
        Device home = devices.getFirst();
        boolean locks = home.tier() == Tier.GPU
                && plan.shards().anyMatch(shard -> shard.tier() == Tier.HOST && shard.prefillDevice() == 0);
        if (locks) {
            reserve = pageLocked(home, RESERVE_BLOCKS * largestBlock + RESERVE_BYTES);
        }
    }

    /** Once the system has refused, the rest of the weights is not page-locked either, and reaches the GPU in two steps. */
    private @Nullable Buffer pageLocked(Device gpu, long bytes) {
        if (!pageLocking) {
            return null;
        }
        try {
            return gpu.allocateHost(OWNER, bytes);
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            pageLocking = false;
            return null;
        }
    }

    /** Whether all weights that a GPU reads from host memory could be page-locked. */
    public boolean pageLocking() {
        return pageLocking;
    }

    private Buffer host(long bytes) {
        for (Device device : devices) {
            if (device.tier() == Tier.HOST) {
                return device.allocate(OWNER, bytes);
            }
        }
        throw new IllegalStateException("no device computes on host memory");
    }

    private DeviceWriter placement(Device device) {
        return placements.computeIfAbsent(device, it -> new DeviceWriter(it, writer));
    }

    @Override
    public void close() {
        if (reserve != null) {
            reserve.close();
            reserve = null;
        }
        placements.values().forEach(DeviceWriter::close);
    }
}
