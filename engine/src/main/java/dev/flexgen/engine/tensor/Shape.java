package dev.flexgen.engine.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The extents of a row-major tensor, outermost first; a scalar has none. Extents are never negative. */
public record Shape(List<Long> extents) {

    public Shape {
        extents = List.copyOf(extents);
        for (long extent : extents) {
            if (extent < 0) {
                throw new IllegalArgumentException("negative extent in " + extents);
            }
        }
    }

    public static Shape of(long... extents) {
        return new Shape(Arrays.stream(extents).boxed().toList());
    }

    public int rank() {
        return extents.size();
    }

    public long extent(int axis) {
        return extents.get(axis);
    }

    /**
     * Number of elements.
     *
     * @throws ArithmeticException if it does not fit a long
     */
    public long elements() {
        long product = 1;
        for (long extent : extents) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }

    /** As PyTorch writes it: {@code [768, 3072]}. */
    @Override
    public String toString() {
        return extents.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
