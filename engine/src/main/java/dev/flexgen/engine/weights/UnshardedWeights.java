package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What no plan cuts: token and position tables, projections of the embedding, norms and the biases of down projections, in one
 * buffer on the home device.
 */
public final class UnshardedWeights {

    /** Wide enough for any vector load, on any device. */
    private static final long ALIGNMENT = 256;

    private final ModelTensors tensors;
    private final ModelSpec spec;
    private final boolean ownHead;
    private final DeviceWriter placement;
    private final MemorySegment memory;
    private final Map<Role, Long> offsets = new EnumMap<>(Role.class);

    /** Allocates; {@code resources} keeps the memory. */
    public UnshardedWeights(ModelTensors tensors, DeviceWriter placement, Resources resources) {
        this.tensors = tensors;
        this.spec = tensors.spec();
        this.placement = placement;
        this.ownHead = tensors.hasOwnHead();
        long bytes = 0;
        for (Role role : Role.values()) {
            if (isHere(role)) {
                offsets.put(role, bytes);
                bytes += stride(role) * (role.perLayer() ? spec.layers() : 1);
            }
        }
        Buffer buffer = resources.keep(placement.device().allocate(WeightLoader.OWNER, bytes));
        this.memory = buffer.segment();
    }

    private boolean isHere(Role role) {
        return role == Role.HEAD ? ownHead : !role.isCut() && tensors.has(role);
    }

    private long stride(Role role) {
        Tensor tensor = tensors.get(role, 0);
        DType stored = tensor.shape().rank() == 1 ? DType.F32 : tensor.dtype();
        return MatrixLayout.align(stored.bytes(tensor.shape().elements()), ALIGNMENT);
    }

    /** Loads a table. */
    public Matrix matrix(Role role) {
        Tensor tensor = tensors.get(role, 0);
        int rows = Math.toIntExact(tensor.shape().extent(0));
        int columns = Math.toIntExact(tensor.shape().extent(1));
        MemorySegment target = part(role, 0, tensor.data().byteSize());
        placement.putRows(tensor, target);
        return new Matrix(Encoding.of(tensor.dtype()), rows, columns, target);
    }

    /** The head's own table, or the token table that stands in for it. */
    public Matrix head(Matrix tokens) {
        return ownHead ? matrix(Role.HEAD) : tokens;
    }

    /** Loads a norm. */
    public Norm norm(Role weight, Role bias, int layer) {
        return new Norm(spec.features().normEpsilon(), vector(weight, layer), vector(bias, layer));
    }

    /** Loads a vector as F32, if the model has it. */
    @Nullable
    public MemorySegment vector(Role role, int layer) {
        if (!tensors.has(role)) {
            return null;
        }
        Tensor tensor = tensors.get(role, layer);
        MemorySegment target = part(role, layer, DType.F32.bytes(tensor.shape().elements()));
        placement.put(target, staging -> WeightPacker.vector(tensor, 0, staging));
        return target;
    }

    private MemorySegment part(Role role, int layer, long bytes) {
        Long offset = offsets.get(role);
        if (offset == null) {
            throw new IllegalStateException("no room for " + role);
        }
        return memory.asSlice(offset + layer * stride(role), bytes);
    }
}
