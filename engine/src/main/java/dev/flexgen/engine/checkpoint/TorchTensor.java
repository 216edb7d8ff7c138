package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A view of a storage in a PyTorch archive, perhaps shared with other tensors and perhaps strided.
 *
 * @param offset of the first element, in elements like the strides
 */
record TorchTensor(
        StoredZip archive, StoredZip.Entry storage, ElementType type, Shape shape, long offset, List<Long> strides)
        implements StoredTensor {

    @Override
    public MappedFile file() {
        return archive.file();
    }

    @Override
    public MemorySegment contiguous(Arena arena) {
        long bytes = type.bytes(shape.elements());
        MemorySegment data = archive.data(storage);
        if (bytes == 0) {
            return data.asSlice(0, 0);
        }
        MemorySegment first = data.asSlice(type.bytes(offset));
        return isContiguous() ? first.asSlice(0, bytes) : gather(first, arena.allocate(bytes, Long.BYTES));
    }

    private boolean isContiguous() {
        long expected = 1;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            long extent = shape.extent(axis);
            // The stride of a single row is never used, and PyTorch leaves anything there.
            if (extent != 1 && strides.get(axis) != expected) {
                return false;
            }
            expected *= extent;
        }
        return true;
    }

    /** Copies in row-major order: an odometer over all axes but the last, which is a loop of its own. */
    private MemorySegment gather(MemorySegment source, MemorySegment target) {
        int width = Math.toIntExact(type.bytes(1));
        int last = shape.rank() - 1;
        long rowLength = shape.extent(last);
        long rowStride = strides.get(last) * width;
        long[] index = new long[last];
        long rowStart = 0;
        for (long written = 0; written < target.byteSize(); written += rowLength * width) {
            copyRow(source, rowStart, rowStride, target, written, rowLength, width);
            for (int axis = last - 1; axis >= 0; axis--) {
                rowStart += strides.get(axis) * width;
                if (++index[axis] < shape.extent(axis)) {
                    break;
                }
                rowStart -= strides.get(axis) * width * shape.extent(axis);
                index[axis] = 0;
            }
        }
        return target;
    }

    private static void copyRow(
            MemorySegment source, long from, long stride, MemorySegment target, long to, long length, int width) {
        // Byte order does not matter for a copy, so the native layouts serve.
        switch (width) {
            case Short.BYTES -> {
                for (long i = 0; i < length; i++) {
                    short element = source.get(ValueLayout.JAVA_SHORT_UNALIGNED, from + i * stride);
                    target.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + i * width, element);
                }
            }
            case Integer.BYTES -> {
                for (long i = 0; i < length; i++) {
                    int element = source.get(ValueLayout.JAVA_INT_UNALIGNED, from + i * stride);
                    target.set(ValueLayout.JAVA_INT_UNALIGNED, to + i * width, element);
                }
            }
            case Long.BYTES -> {
                for (long i = 0; i < length; i++) {
                    long element = source.get(ValueLayout.JAVA_LONG_UNALIGNED, from + i * stride);
                    target.set(ValueLayout.JAVA_LONG_UNALIGNED, to + i * width, element);
                }
            }
            default -> throw new IllegalStateException("no weight has elements of " + width + " bytes");
        }
    }
}
