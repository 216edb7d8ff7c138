package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Reads rows of stored weights as floats, in any encoding: for tables, and for products that decode a block once for many tokens. */
final class StoredRows {

    private StoredRows() {}

    /**
     * Reads {@code count} numbers of a row from column {@code from} on.
     *
     * @param scales working memory
     */
    static void read(Matrix weight, int row, int from, float[] target, int at, int count, GroupScales scales) {
        long offset = row * weight.rowBytes();
        switch (weight.encoding()) {
            case Encoding.Plain(var dtype) ->
                Convert.read(dtype, weight.data(), offset + dtype.bytes(from), target, at, count);
            case Grouped grouped -> grouped(grouped, weight, offset, from, target, at, count, scales);
        }
    }

    private static void grouped(
            Grouped encoding,
            Matrix weight,
            long row,
            int from,
            float[] target,
            int at,
            int count,
            GroupScales scales) {
        GroupKernel kernel = GroupKernel.of(encoding);
        int size = encoding.groupSize();
        int firstGroup = from / size;
        int groups = Math.ceilDiv(from + count, size) - firstGroup;
        long integers = row + (long) firstGroup * encoding.integerBytes();
        long scalesAt = row + encoding.scalesAt(weight.columns()) + (long) firstGroup * encoding.scaleBytes();
        scales.begin(2, groups);
        scales.read(0, encoding, weight.data(), scalesAt, groups, 1);
        scales.clear(1);
        float[] levels = scales.levels(groups * size + GroupScales.SPARE);
        MemorySegment data = weight.data();
        Arrays.fill(levels, 0, kernel.arranged(groups * size), 0);
        kernel.addRows(data, integers, integers, groups, scales.factors(), scales.at(0), scales.at(1), levels, 0);
        scales.arrangement(kernel, groups * size)
                .restore(levels, from - firstGroup * size, count, scales.bases(), size, target, at);
    }
}
