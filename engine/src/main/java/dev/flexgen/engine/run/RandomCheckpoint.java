package dev.flexgen.engine.run;

import dev.flexgen.engine.RandomWeights;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.Family;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A checkpoint of random weights of any size, for measurements: normal numbers as an untrained OPT has them (standard
 * deviation 0.02), norms of 1, and feed-forward biases that leave the asked share of neurons active.
 *
 * <p>All matrices are parts of one pool of random numbers, at different places. The loader copies what it takes, so what is
 * computed with is as large as the real model.
 */
public final class RandomCheckpoint implements Checkpoint {

    private static final float DEVIATION = 0.02f;
    /** Beyond the largest tensor, so that two tensors of a size differ. */
    private static final int SPARE = 1 << 20;

    private final Arena arena = Arena.ofShared();
    private final ModelSpec spec;
    private final RandomWeights weights;
    private final Map<String, Role> roles = new HashMap<>();
    private final MemorySegment pool;
    private final MemorySegment constants;

    public RandomCheckpoint(ModelSpec spec, RandomWeights weights) {
        this.spec = spec;
        this.weights = weights;
        Family family = Families.named(spec.family());
        long largest = 0;
        for (Role role : Role.values()) {
            if (role == Role.HEAD || !role.belongsTo(spec)) {
                continue;
            }
            largest = Math.max(largest, role.shape(spec).elements());
            for (int layer = 0; layer < (role.perLayer() ? spec.layers() : 1); layer++) {
                roles.put(family.tensorName(role).replace("{}", Integer.toString(layer)), role);
            }
        }
        this.pool = arena.allocate(weights.dtype().bytes(largest + SPARE), 64);
        Random random = new Random(weights.seed());
        // A prime number of drawn values, repeated: drawing all of a large table would take longer than loading it.
        float[] drawn = new float[(1 << 20) - 3];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = (float) random.nextGaussian() * DEVIATION;
        }
        for (long i = 0; i < largest + SPARE; i++) {
            write(pool, i, drawn[(int) (i % drawn.length)]);
        }
        int longest = Math.max(spec.ffnWidth(), spec.width());
        this.constants = arena.allocate(weights.dtype().bytes(3L * longest));
        for (int i = 0; i < longest; i++) {
            write(constants, i, 0);
            write(constants, longest + i, 1);
            write(constants, 2L * longest + i, upBias());
        }
    }

    /** A normed row of E unit numbers times E weights of deviation d has deviation d sqrt(E): shift by its quantile. */
    private float upBias() {
        if (weights.activeNeurons() == 0) {
            return 0;
        }
        return (float) (-quantile(1 - weights.activeNeurons()) * DEVIATION * Math.sqrt(spec.width()));
    }

    /** Of the standard normal distribution, by the logistic approximation: good to a per cent of the share. */
    private static double quantile(double share) {
        double low = -8;
        double high = 8;
        while (high - low > 1e-6) {
            double middle = (low + high) / 2;
            double below = 1 / (1 + Math.exp(-(0.07056 * Math.pow(middle, 3) + 1.5976 * middle)));
            if (below < share) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void write(MemorySegment target, long index, float value) {
        switch (weights.dtype()) {
            case F32 -> target.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
            case F16 -> target.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value));
            case BF16 ->
                target.setAtIndex(ValueLayout.JAVA_SHORT, index, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
    }

    @Override
    public Set<String> names() {
        return Set.copyOf(roles.keySet());
    }

    @Override
    public Tensor tensor(String name) {
        Role role = roles.get(name);
        if (role == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        DType dtype = weights.dtype();
        Shape shape = role.shape(spec);
        long bytes = dtype.bytes(shape.elements());
        int longest = Math.max(spec.ffnWidth(), spec.width());
        MemorySegment data = switch (role) {
            case FINAL_NORM_WEIGHT, ATTENTION_NORM_WEIGHT, FFN_NORM_WEIGHT ->
                constants.asSlice(dtype.bytes(longest), bytes);
            case UP_BIAS -> constants.asSlice(dtype.bytes(2L * longest), bytes);
            default -> shape.rank() == 1 ? constants.asSlice(0, bytes) : part(name, bytes);
        };
        return new Tensor(dtype, shape, data);
    }

    private MemorySegment part(String name, long bytes) {
        long start = Math.floorMod(name.hashCode() * 2654435761L, (long) SPARE);
        return pool.asSlice(weights.dtype().bytes(start), bytes);
    }

    @Override
    public String description() {
        return "random weights";
    }

    @Override
    public void close() {
        arena.close();
    }
}
