package dev.flexgen.engine.model;

import java.util.List;

/**
 * Rows of a stored tensor that make up a tensor of the model, in their order: a strided view, as numpy has it. Row r is found by
 * writing r in the mixed radix of the axes' extents, outermost first, and adding each digit times its axis' stride to
 * {@code first}. Fused, head-interleaved and permuted projections are such views. Of tensors with more than two axes, all
 * but the last count as rows; of vectors, each number does.
 *
 * @param storedRows of the whole stored tensor
 * @param first stored row of row 0
 */
public record RowSelection(long storedRows, long first, List<Axis> axes) {

    /** One digit of a row's number. */
    public record Axis(long extent, long stride) {}

    /** Takes a run of rows that lie behind each other. */
    @FunctionalInterface
    public interface Run {
        void take(long storedRow, long row, long count);
    }

    public RowSelection {
        axes = List.copyOf(axes);
        long last = first;
        for (Axis axis : axes) {
            if (axis.extent() < 1 || axis.stride() < 1) {
                throw new IllegalArgumentException("an axis of no rows in " + axes);
            }
            last += (axis.extent() - 1) * axis.stride();
        }
        if (first < 0 || last >= storedRows) {
            throw new IllegalArgumentException("rows " + first + " to " + last + " of " + storedRows);
        }
    }

    /** All rows as they are. */
    public static RowSelection all(long rows) {
        return range(rows, 0, rows);
    }

    /** {@code count} rows from {@code first} on. */
    public static RowSelection range(long storedRows, long first, long count) {
        return new RowSelection(storedRows, first, List.of(new Axis(count, 1)));
    }

    public long rows() {
        return axes.stream().mapToLong(Axis::extent).reduce(1, Math::multiplyExact);
    }

    /** Whether it is the whole stored tensor, in its order. */
    public boolean isAll() {
        return equals(all(storedRows));
    }

    /** Where row {@code row} is stored. */
    public long stored(long row) {
        long at = first;
        long rest = row;
        for (Axis axis : axes.reversed()) {
            at += rest % axis.extent() * axis.stride();
            rest /= axis.extent();
        }
        return at;
    }

    /** Visits rows {@code from} to {@code from + count - 1}, as many at a time as are stored behind each other. */
    public void runs(long from, long count, Run run) {
        Axis inner = axes.getLast();
        long longest = inner.stride() == 1 ? inner.extent() : 1;
        for (long row = from; row < from + count; ) {
            long length = Math.min(from + count - row, longest - row % longest);
            run.take(stored(row), row, length);
            row += length;
        }
    }
}
