package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;

/**
 * A checkpoint of random weights of any size, for measurements: normal numbers as an untrained OPT has them (standard
 * deviation {@value #DEVIATION}), and vectors of one constant.
 *
 * <p>All matrices are parts of one pool of random numbers, at different places. The loader copies what it takes, so what is
 * computed with is as large as the real model.
 */
public final class RandomCheckpoint implements Checkpoint {

    /** Standard deviation of the drawn numbers. */
    public static final double DEVIATION = 0.02;
    /** Beyond the largest tensor, so that two tensors of a size differ. */
    private static final int SPARE = 1 << 20;

    /**
     * A tensor to make up.
     *
     * @param constant its one value; empty for random numbers
     */
    public record Drawn(Shape shape, OptionalDouble constant) {}

    private final Arena arena = Arena.ofShared();
    private final RandomWeights weights;
    private final Map<String, Drawn> tensors;
    private final MemorySegment pool;
    private final Map<Double, MemorySegment> constants = new HashMap<>();

    /**
     * Draws the numbers.
     *
     * @param tensors by name
     * @throws EngineException of kind PLACEMENT if host memory does not hold the largest of them
     */
    public RandomCheckpoint(Map<String, Drawn> tensors, RandomWeights weights) {
        this.tensors = Map.copyOf(tensors);
        this.weights = weights;
        this.pool = allocate(largest(OptionalDouble.empty()) + SPARE);
        Random random = new Random(weights.seed());
        // A prime number of drawn values, repeated: drawing all of a large table would take longer than loading it.
        float[] drawn = new float[(1 << 20) - 3];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = (float) (random.nextGaussian() * DEVIATION);
        }
        for (long i = 0; i < pool.byteSize() / weights.dtype().bytes(); i++) {
            write(pool, i, drawn[(int) (i % drawn.length)]);
        }
        for (Drawn tensor : tensors.values()) {
            tensor.constant().ifPresent(value -> constants.computeIfAbsent(value, this::constant));
        }
    }

    private MemorySegment constant(double value) {
        long length = largest(OptionalDouble.of(value));
        MemorySegment numbers = allocate(length);
        for (long i = 0; i < length; i++) {
            write(numbers, i, (float) value);
        }
        return numbers;
    }

    private long largest(OptionalDouble constant) {
        return tensors.values().stream()
                .filter(tensor -> tensor.constant().equals(constant))
                .mapToLong(tensor -> tensor.shape().elements())
                .max()
                .orElse(0);
    }

    private MemorySegment allocate(long elements) {
        long bytes = weights.dtype().bytes(elements);
        try {
            return arena.allocate(bytes, 64);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new EngineException(
                    EngineException.Kind.PLACEMENT,
                    "Host memory is exhausted: random weights need " + (bytes >> 20)
                            + " MiB to draw from; choose a smaller model",
                    e);
        }
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
        return tensors.keySet();
    }

    @Override
    public Tensor tensor(String name) {
        Drawn tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        DType dtype = weights.dtype();
        long bytes = dtype.bytes(tensor.shape().elements());
        MemorySegment numbers = tensor.constant().isEmpty() ? part(name, bytes) : constantPart(tensor, bytes);
        return new Tensor(dtype, tensor.shape(), numbers);
    }

    private MemorySegment constantPart(Drawn tensor, long bytes) {
        MemorySegment numbers = constants.get(tensor.constant().orElseThrow());
        if (numbers == null) {
            throw new IllegalStateException("no numbers for " + tensor);
        }
        return numbers.asSlice(0, bytes);
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
