package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Copies a checkpoint's tensors to where the plan wants them, in their stored element type and in the two layouts that
 * shards need; vectors become F32. Weights are copied rather than used in the mapped file: held bytes are then bytes that the
 * system cannot take back in the middle of a token.
 */
final class WeightLoader {

    private static final long COPY_BYTES = 4 << 20;

    private final ModelTensors tensors;
    private final ModelSpec spec;
    private final List<Device> devices;
    private final WorkerPool pool;
    private final Holdings memory = new Holdings();

    /** @param pool does the copying */
    WeightLoader(ModelTensors tensors, List<Device> devices, WorkerPool pool) {
        this.tensors = tensors;
        this.spec = tensors.spec();
        this.devices = devices;
        this.pool = pool;
    }

    ModelWeights load(Plan plan) {
        plan.check(spec);
        try {
            Matrix tokens = whole(Role.TOKENS, 0);
            Matrix positions = whole(Role.POSITIONS, 0);
            Linear head = tensors.has(Role.HEAD) ? new Linear(whole(Role.HEAD, 0), null) : new Linear(tokens, null);
            @Nullable Linear in = spec.projectsEmbedding() ? new Linear(whole(Role.PROJECT_IN, 0), null) : null;
            @Nullable Linear out = spec.projectsEmbedding() ? new Linear(whole(Role.PROJECT_OUT, 0), null) : null;
            @Nullable
            Norm finalNorm = spec.features().finalNorm() ? norm(Role.FINAL_NORM_WEIGHT, Role.FINAL_NORM_BIAS, 0) : null;
            List<ModelWeights.Layer> layers = new ArrayList<>();
            for (int i = 0; i < plan.layers().size(); i++) {
                layers.add(layer(plan.layers().get(i), i));
            }
            return new ModelWeights(tokens, positions, in, out, finalNorm, head, layers, memory);
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    private ModelWeights.Layer layer(LayerPlan plan, int layer) {
        List<ModelWeights.Heads> heads = new ArrayList<>();
        for (Shard shard : plan.heads()) {
            heads.add(heads(shard, layer));
        }
        List<ModelWeights.Neurons> neurons = new ArrayList<>();
        for (Shard shard : plan.neurons()) {
            neurons.add(neurons(shard, layer));
        }
        return new ModelWeights.Layer(
                norm(Role.ATTENTION_NORM_WEIGHT, Role.ATTENTION_NORM_BIAS, layer),
                heads,
                vector(Role.ATTENTION_OUT_BIAS, layer),
                norm(Role.FFN_NORM_WEIGHT, Role.FFN_NORM_BIAS, layer),
                neurons,
                vector(Role.DOWN_BIAS, layer));
    }

    private ModelWeights.Heads heads(Shard shard, int layer) {
        Device device = devices.get(shard.device());
        int keyFrom = shard.from() * spec.headDim();
        int keys = shard.size() * spec.headDim();
        int group = spec.heads() / spec.keyHeads();
        return new ModelWeights.Heads(
                shard,
                up(device, Role.QUERY_WEIGHT, Role.QUERY_BIAS, layer, keyFrom * group, keys * group),
                up(device, Role.KEY_WEIGHT, Role.KEY_BIAS, layer, keyFrom, keys),
                up(device, Role.VALUE_WEIGHT, Role.VALUE_BIAS, layer, keyFrom, keys),
                down(device, Role.ATTENTION_OUT_WEIGHT, layer, keyFrom * group, keys * group));
    }

    private ModelWeights.Neurons neurons(Shard shard, int layer) {
        Device device = devices.get(shard.device());
        return new ModelWeights.Neurons(
                shard,
                up(device, Role.UP_WEIGHT, Role.UP_BIAS, layer, shard.from(), shard.size()),
                down(device, Role.DOWN_WEIGHT, layer, shard.from(), shard.size()));
    }

    /** Rows {@code from} on of an {@code [outputs, inputs]} tensor, as they are. */
    private Linear up(Device device, Role weight, Role bias, int layer, int from, int count) {
        Tensor tensor = tensors.get(weight, layer);
        @Nullable MemorySegment vector = vector(bias, layer);
        @Nullable MemorySegment part = vector == null ? null : vector.asSlice(4L * from, 4L * count);
        return new Linear(rows(device, tensor, from, count), part);
    }

    /** Columns {@code from} on of an {@code [outputs, inputs]} tensor, as rows. */
    private Matrix down(Device device, Role role, int layer, int from, int count) {
        Tensor tensor = tensors.get(role, layer);
        int outputs = Math.toIntExact(tensor.shape().extent(0));
        int inputs = Math.toIntExact(tensor.shape().extent(1));
        MemorySegment target = memory.take(device, tensor.dtype().bytes((long) outputs * count));
        new Transpose(pool, tensor.data(), outputs, inputs).columns(tensor.dtype(), from, count, target);
        return new Matrix(tensor.dtype(), count, outputs, target);
    }

    private Matrix whole(Role role, int layer) {
        Tensor tensor = tensors.get(role, layer);
        return rows(
                devices.getFirst(), tensor, 0, Math.toIntExact(tensor.shape().extent(0)));
    }

    private Matrix rows(Device device, Tensor tensor, int from, int count) {
        int columns = Math.toIntExact(tensor.shape().extent(1));
        long rowBytes = tensor.dtype().bytes(columns);
        MemorySegment target = memory.take(device, rowBytes * count);
        MemorySegment source = tensor.data().asSlice(rowBytes * from, rowBytes * count);
        pool.run(Math.toIntExact(Math.ceilDiv(source.byteSize(), COPY_BYTES)), (part, worker) -> {
            long at = part * COPY_BYTES;
            MemorySegment.copy(source, at, target, at, Math.min(COPY_BYTES, source.byteSize() - at));
        });
        return new Matrix(tensor.dtype(), count, columns, target);
    }

    private Norm norm(Role weight, Role bias, int layer) {
        return new Norm(spec.features().normEpsilon(), vector(weight, layer), vector(bias, layer));
    }

    /** A vector as F32, if the model has it. */
    private @Nullable MemorySegment vector(Role role, int layer) {
        Optional<Tensor> found = tensors.find(role, layer);
        if (found.isEmpty()) {
            return null;
        }
        Tensor tensor = found.get();
        MemorySegment target = memory.takeSmall(
                devices.getFirst(), DType.F32.bytes(tensor.shape().elements()));
        for (long i = 0; i < tensor.shape().elements(); i++) {
            target.setAtIndex(ValueLayout.JAVA_FLOAT, i, element(tensor, i));
        }
        return target;
    }

    private static float element(Tensor tensor, long index) {
        long offset = tensor.dtype().bytes(index);
        return switch (tensor.dtype()) {
            case F32 -> tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
            case F16 -> Float.float16ToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
            case BF16 -> Float.intBitsToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, offset) << 16);
        };
    }
}
