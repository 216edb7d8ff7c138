package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.TensorSpec;
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

    /** @param shape of the tensor */
    private record Place(long offset, long bytes, Shape shape) {}

    private final WeightEncodings encodings;
    private final Map<Item, Place> places = new LinkedHashMap<>();
    private final MemorySegment memory;
    private long largestBytes;

    private UnshardedWeights(WeightEncodings encodings, Plan plan, int index, Device device, Resources resources) {
        this.encodings = encodings;
        long bytes = 0;
        for (TensorSpec tensor : encodings.spec().tensors()) {
            for (int layer = tensor.firstLayer(); encodings.has(tensor.role()) && layer < tensor.endLayer(); layer++) {
                if (device(tensor.role(), layer, plan) == index) {
                    long size = bytes(encodings, tensor, layer);
                    places.put(new Item(tensor.role(), layer), new Place(bytes, size, tensor.shape()));
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
    static UnshardedWeights of(WeightEncodings encodings, Plan plan, int index, Device device, Resources resources) {
        return new UnshardedWeights(encodings, plan, index, device, resources);
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

    private static long bytes(WeightEncodings encodings, TensorSpec tensor, int layer) {
        if (tensor.shape().rank() == 1) {
            return DType.F32.bytes(tensor.shape().elements());
        }
        return encodings
                .of(tensor.role(), layer)
                .bytes(tensor.shape().extent(0), Math.toIntExact(tensor.shape().extent(1)));
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
        return encodings.has(role) ? get(role, layer) : null;
    }

    MemorySegment get(Role role, int layer) {
        Place place = place(role, layer);
        return memory.asSlice(place.offset(), place.bytes());
    }

    /** A table or projection. */
    Matrix matrix(Role role, int layer) {
        Shape shape = place(role, layer).shape();
        return new Matrix(
                encodings.of(role, layer),
                Math.toIntExact(shape.extent(0)),
                Math.toIntExact(shape.extent(1)),
                get(role, layer));
    }

    boolean isVector(Role role, int layer) {
        return place(role, layer).shape().rank() == 1;
    }

    private Place place(Role role, int layer) {
        Place place = places.get(new Item(role, layer));
        if (place == null) {
            throw new IllegalStateException("not on this device: " + role + " of layer " + layer);
        }
        return place;
    }
}
