package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.model.TensorSpec;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.tensor.DType;
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

    private record Place(long offset, long bytes) {}

    private final StoredTypes types;
    private final Map<Item, Place> places = new LinkedHashMap<>();
    private final MemorySegment memory;
    private long largestBytes;

    private UnshardedWeights(StoredTypes types, Plan plan, int index, Device device, Resources resources) {
        this.types = types;
        long bytes = 0;
        for (TensorSpec tensor : types.spec().tensors()) {
            for (int layer = tensor.firstLayer(); types.has(tensor.role()) && layer < tensor.endLayer(); layer++) {
                if (device(tensor.role(), layer, plan) == index) {
                    long size = bytes(types, tensor, layer);
                    places.put(new Item(tensor.role(), layer), new Place(bytes, size));
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
        return switch (role.part()) {
            case TOKENS, POSITIONS, TOKENS_NORM, PROJECT_IN -> plan.embeddingDevice();
            case FINAL_NORM, PROJECT_OUT -> plan.headHome();
            case HEAD -> -1;
            default -> role.isCut() ? -1 : plan.layers().get(layer).home();
        };
    }

    private static long bytes(StoredTypes types, TensorSpec tensor, int layer) {
        DType held = tensor.shape().rank() == 1 ? DType.F32 : types.type(tensor.role(), layer);
        return held.bytes(tensor.shape().elements());
    }

    Iterable<Item> items() {
        return places.keySet();
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
        Place place = places.get(new Item(role, layer));
        if (place == null) {
            throw new IllegalStateException("not on this device: " + role + " of layer " + layer);
        }
        return memory.asSlice(place.offset(), place.bytes());
    }
}
