package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What no plan cuts, as far as one device holds it: tables of tokens and positions, projections of the embedding, norms, and the
 * biases of down projections. One buffer.
 */
public final class UnshardedWeights {

    /** Wide enough for any vector load, on any device. */
    private static final long ALIGNMENT = 256;

    /** A tensor of a layer; layer 0 for those of the whole model. */
    record Item(Role role, int layer) {}

    private final StoredTypes types;
    private final Map<Item, Long> offsets = new LinkedHashMap<>();
    private final MemorySegment memory;
    private long largestBytes;

    private UnshardedWeights(StoredTypes types, Plan plan, int index, Device device, Resources resources) {
        this.types = types;
        long bytes = 0;
        for (Role role : Role.values()) {
            for (int layer = 0;
                    types.has(role) && layer < (role.perLayer() ? plan.layers().size() : 1);
                    layer++) {
                if (device(role, layer, plan) == index) {
                    offsets.put(new Item(role, layer), bytes);
                    long size = bytes(role, layer);
                    largestBytes = Math.max(largestBytes, size);
                    bytes += MatrixLayout.align(size, ALIGNMENT);
                }
            }
        }
        this.memory = bytes == 0
                ? MemorySegment.NULL
                : resources.keep(device.allocate(WeightMemory.OWNER, bytes)).segment();
    }

    /** Takes memory on a device for what the plan puts there. */
    static UnshardedWeights of(StoredTypes types, Plan plan, int index, Device device, Resources resources) {
        return new UnshardedWeights(types, plan, index, device, resources);
    }

    /** Index of the device that holds a tensor; -1 for what is cut into shards. */
    private static int device(Role role, int layer, Plan plan) {
        return switch (role) {
            case TOKENS, POSITIONS, PROJECT_IN -> plan.embeddingDevice();
            case FINAL_NORM_WEIGHT, FINAL_NORM_BIAS, PROJECT_OUT -> plan.headHome();
            case HEAD -> -1;
            default -> role.isCut() ? -1 : plan.layers().get(layer).home();
        };
    }

    private long bytes(Role role, int layer) {
        Shape shape = role.shape(types.spec());
        DType stored = shape.rank() == 1 ? DType.F32 : types.type(role, layer);
        return stored.bytes(shape.elements());
    }

    Iterable<Item> items() {
        return offsets.keySet();
    }

    long largestBytes() {
        return largestBytes;
    }

    /** The tensor's memory, if the model has it; of the wrong device it is a mistake of the caller. */
    @Nullable
    MemorySegment find(Role role, int layer) {
        return types.has(role) ? get(role, layer) : null;
    }

    MemorySegment get(Role role, int layer) {
        Long offset = offsets.get(new Item(role, layer));
        if (offset == null) {
            throw new IllegalStateException("not on this device: " + role + " of layer " + layer);
        }
        return memory.asSlice(offset, bytes(role, layer));
    }
}
