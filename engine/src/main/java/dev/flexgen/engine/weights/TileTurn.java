package dev.flexgen.engine.weights;

import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A square tile of a matrix in heap memory, to be read by outputs and written by inputs. Copied by the line: element by
 * element, segments cost a start of the program much of its time, for that code has not been compiled yet. Owned by one thread.
 */
sealed interface TileTurn {

    /**
     * Reads the inputs of one output.
     *
     * @param from index of the first in {@code source}, in elements
     * @param output line of the tile that they become
     */
    void read(MemorySegment source, long from, int output, int inputs);

    /**
     * Writes the outputs of one input.
     *
     * @param at index of the first in {@code target}, in elements
     */
    void write(int input, int outputs, MemorySegment target, long at);

    /** A tile for elements of this type. */
    static TileTurn of(DType type, int side) {
        return switch (type) {
            case F16, BF16 -> new Shorts(side, new short[side * side], new short[side]);
            case F32 -> new Ints(side, new int[side * side], new int[side]);
        };
    }

    /** Elements of 16 bits. */
    record Shorts(int side, short[] tile, short[] line) implements TileTurn {
        @Override
        public void read(MemorySegment source, long from, int output, int inputs) {
            MemorySegment.copy(
                    source, ValueLayout.JAVA_SHORT_UNALIGNED, Short.BYTES * from, tile, output * side, inputs);
        }

        @Override
        public void write(int input, int outputs, MemorySegment target, long at) {
            for (int o = 0; o < outputs; o++) {
                line[o] = tile[o * side + input];
            }
            MemorySegment.copy(line, 0, target, ValueLayout.JAVA_SHORT_UNALIGNED, Short.BYTES * at, outputs);
        }
    }

    /** Elements of 32 bits. */
    record Ints(int side, int[] tile, int[] line) implements TileTurn {
        @Override
        public void read(MemorySegment source, long from, int output, int inputs) {
            MemorySegment.copy(
                    source, ValueLayout.JAVA_INT_UNALIGNED, Integer.BYTES * from, tile, output * side, inputs);
        }

        @Override
        public void write(int input, int outputs, MemorySegment target, long at) {
            for (int o = 0; o < outputs; o++) {
                line[o] = tile[o * side + input];
            }
            MemorySegment.copy(line, 0, target, ValueLayout.JAVA_INT_UNALIGNED, Integer.BYTES * at, outputs);
        }
    }
}
