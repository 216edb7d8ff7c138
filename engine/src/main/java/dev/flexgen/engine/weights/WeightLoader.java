package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.memory.BlockFile;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.NormSpec;
import dev.flexgen.engine.model.Param;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Copies a model's weights to where the plan wants them. Weights are copied rather than used in the mapped file: held
 * bytes are then bytes that the system cannot take back in the middle of a token. Used once, by one thread.
 */
public final class WeightLoader implements AutoCloseable {

    private static final Role CORRECTION = new Role(ModelPart.ROUTER, Param.CORRECTION);

    private final RowSource source;
    private final WeightEncodings encodings;
    private final ModelSpec spec;
    private final Plan plan;
    private final List<Device> devices;
    private final WeightPacker packer;
    private final Activity activity;
    private final Resources resources = new Resources();
    private final WeightMemory memory;
    private final @Nullable BlockFile sourceFile;
    private final @Nullable ScratchFile file;
    private final Map<Integer, DeviceWriter> writers = new HashMap<>();

    /**
     * Takes memory and disk space for everything, before anything is read.
     *
     * @param source of the weights, which stays the caller's
     * @param encodings of the matrices once loaded
     * @param disk makes the file of the disk tier, if the plan needs one and the source has none
     * @param activity is told how far it is
     */
    public WeightLoader(
            RowSource source,
            WeightEncodings encodings,
            Plan plan,
            List<Device> devices,
            LongFunction<ScratchFile> disk,
            Activity activity) {
        this.source = source;
        this.encodings = encodings;
        this.spec = encodings.spec();
        this.plan = plan;
        this.devices = devices;
        this.activity = activity;
        this.packer = new WeightPacker(encodings, source);
        new SupportCheck(encodings, devices).require(plan);
        try {
            this.memory = new WeightMemory(encodings, plan, devices, resources);
            boolean onDisk = memory.fileBytes() > 0;
            this.sourceFile = onDisk ? source.openFile().map(resources::keep).orElse(null) : null;
            this.file = onDisk && sourceFile == null ? resources.keep(disk.apply(memory.fileBytes())) : null;
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Loads; the result owns all memory, and this loader nothing more. */
    public ModelWeights load() {
        try {
            activity.willLoad(bytesToLoad());
            for (int i = 0; i < devices.size(); i++) {
                loadUnsharded(i);
            }
            Map<BlockId, WeightBlock<?>> blocks = new HashMap<>();
            plan.forEach((id, shard) -> blocks.put(id, block(id, shard, memory.layout(id))));
            return new ModelWeights(
                    embedding(),
                    layers(),
                    spec.finalNorm()
                            .map(it -> norm(it, plan.headHome(), ModelPart.FINAL_NORM, 0))
                            .orElse(null),
                    projection(plan.headHome(), ModelPart.PROJECT_OUT.weight()),
                    blocks,
                    resources);
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private long bytesToLoad() {
        LongAdder bytes = new LongAdder();
        for (int i = 0; i < devices.size(); i++) {
            UnshardedWeights unsharded = memory.unsharded(i);
            unsharded.items().forEach(item -> bytes.add(bytes(unsharded, item)));
        }
        plan.forEach((id, shard) -> bytes.add(memory.isTokenTable(id, shard) ? 0 : memory.bytes(id)));
        return bytes.sum();
    }

    private static long bytes(UnshardedWeights unsharded, UnshardedWeights.Item item) {
        return unsharded.get(item.role(), item.layer()).byteSize();
    }

    private void loadUnsharded(int device) {
        UnshardedWeights unsharded = memory.unsharded(device);
        for (UnshardedWeights.Item item : unsharded.items()) {
            Role role = item.role();
            int layer = item.layer();
            if (unsharded.isVector(role, layer)) {
                writer(device).put(unsharded.get(role, layer), host -> source.vector(role, layer, 0, host));
            } else {
                Matrix matrix = unsharded.matrix(role, layer);
                writer(device)
                        .putRows(
                                matrix,
                                (from, host) ->
                                        source.rows(role, layer, from, matrix.encoding(), matrix.columns(), host));
            }
            activity.loaded(bytes(unsharded, item));
        }
    }

    private ModelWeights.Embedding embedding() {
        int device = plan.embeddingDevice();
        return new ModelWeights.Embedding(
                matrix(device, ModelPart.TOKENS.weight()),
                encodings.has(ModelPart.POSITIONS.weight()) ? matrix(device, ModelPart.POSITIONS.weight()) : null,
                projection(device, ModelPart.PROJECT_IN.weight()),
                spec.tokens()
                        .norm()
                        .map(it -> norm(it, device, ModelPart.TOKENS_NORM, 0))
                        .orElse(null));
    }

    private List<ModelWeights.Layer> layers() {
        List<ModelWeights.Layer> layers = new ArrayList<>();
        for (int i = 0; i < plan.layers().size(); i++) {
            int home = plan.layers().get(i).home();
            NormSpec norm = spec.block(i).norm();
            layers.add(new ModelWeights.Layer(
                    norm(norm, home, ModelPart.ATTENTION_NORM, i),
                    memory.unsharded(home).find(ModelPart.ATTENTION_OUT.bias(), i),
                    norm(norm, home, ModelPart.FFN_NORM, i),
                    memory.unsharded(home).find(ModelPart.DOWN.bias(), i),
                    router(home, i)));
        }
        return layers;
    }

    private ModelWeights.@Nullable Router router(int home, int layer) {
        if (!(spec.block(layer).feedForward() instanceof FeedForwardSpec.Experts experts)) {
            return null;
        }
        float[] correction = new float[experts.router().corrected() ? experts.count() : 0];
        if (correction.length > 0) {
            source.vector(CORRECTION, layer, 0, MemorySegment.ofArray(correction));
        }
        Matrix scores = memory.unsharded(home).matrix(ModelPart.ROUTER.weight(), layer);
        return new ModelWeights.Router(new Linear(scores, null), correction);
    }

    private Norm norm(NormSpec norm, int device, ModelPart part, int layer) {
        UnshardedWeights unsharded = memory.unsharded(device);
        return Norms.of(norm, unsharded.find(part.weight(), layer), unsharded.find(part.bias(), layer));
    }

    private Matrix matrix(int device, Role role) {
        return memory.unsharded(device).matrix(role, 0);
    }

    private @Nullable Linear projection(int device, Role role) {
        return encodings.has(role) ? new Linear(matrix(device, role), null) : null;
    }

    private <V> WeightBlock<V> block(BlockId id, Shard shard, BlockLayout<V> layout) {
        if (memory.isTokenTable(id, shard)) {
            return new WeightBlock<>(id, shard, layout, table(shard));
        }
        WeightLocation location = place(id, shard);
        activity.loaded(memory.bytes(id));
        return new WeightBlock<>(id, shard, layout, location);
    }

    private WeightLocation table(Shard shard) {
        MemorySegment table = memory.unsharded(shard.device()).get(ModelPart.TOKENS.weight(), 0);
        long rowBytes = table.byteSize() / spec.vocabulary();
        MemorySegment rows = table.asSlice(shard.from() * rowBytes, shard.size() * rowBytes);
        return new WeightLocation.Memory(shard.tier(), rows, false);
    }

    private WeightLocation place(BlockId id, Shard shard) {
        return switch (shard.tier()) {
            case GPU -> {
                MemorySegment block = memory.segment(id);
                writer(shard.device()).put(block, target -> fill(id, shard, target));
                yield new WeightLocation.Memory(Tier.GPU, block, false);
            }
            case HOST -> {
                MemorySegment block = memory.segment(id);
                fill(id, shard, block);
                yield new WeightLocation.Memory(Tier.HOST, block, memory.isPageLocked(id));
            }
            case DISK -> onDisk(id, shard);
        };
    }

    /** In the file of the source if it has one, else in a copy. */
    private WeightLocation onDisk(BlockId id, Shard shard) {
        if (sourceFile != null) {
            return new WeightLocation.File(sourceFile, packer.extents(memory.layout(id), id, shard), memory.bytes(id));
        }
        MemorySegment staging = writer(0).staging(memory.bytes(id));
        fill(id, shard, staging);
        if (file == null || file.append(staging) != memory.fileOffset(id)) {
            throw new IllegalStateException("the disk tier's file is not laid out as planned");
        }
        return WeightLocation.File.whole(file, memory.fileOffset(id), memory.bytes(id));
    }

    private void fill(BlockId id, Shard shard, MemorySegment target) {
        packer.fill(memory.layout(id), id, shard, target);
    }

    /** Whether all weights that a GPU reads from host memory could be page-locked. */
    public boolean pageLocking() {
        return memory.pageLocking();
    }

    /** The memory that was taken. */
    public WeightMemory memory() {
        return memory;
    }

    private DeviceWriter writer(int device) {
        return writers.computeIfAbsent(device, it -> new DeviceWriter(devices.get(it), memory.stagingBytes(it)));
    }

    /** Frees what only loading needed. */
    @Override
    public void close() {
        memory.loaded();
        writers.values().forEach(DeviceWriter::close);
    }
}
