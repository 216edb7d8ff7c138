package dev.flexgen.engine.model;

import java.lang.foreign.MemorySegment;

/**
 * Decides whether a stored output head is a table of its own. Files of models whose head is the token table by their config
 * often hold a copy of it under the head's name; a head of other numbers is taken seriously all the same. Tables are
 * gigabytes, so a sample of rows is compared: tables that were trained apart differ in every row.
 */
final class TiedHead {

    private static final int SAMPLED_ROWS = 64;

    private TiedHead() {}

    static boolean isOwn(ModelTensors tensors) {
        if (!tensors.has(ModelPart.HEAD.weight())) {
            return false;
        }
        MemorySegment head = tensors.get(ModelPart.HEAD.weight(), 0).stored().data();
        MemorySegment table = tensors.get(ModelPart.TOKENS.weight(), 0).stored().data();
        if (head.equals(table)) {
            return false;
        }
        return !tensors.spec().head().tied()
                || differ(head, table, tensors.spec().vocabulary());
    }

    private static boolean differ(MemorySegment one, MemorySegment other, int rows) {
        if (one.byteSize() != other.byteSize()) {
            return true;
        }
        long rowBytes = one.byteSize() / rows;
        long sampled = Math.min(rows, SAMPLED_ROWS);
        for (long i = 0; i < sampled; i++) {
            long at = (sampled == 1 ? 0 : i * (rows - 1) / (sampled - 1)) * rowBytes;
            if (MemorySegment.mismatch(one, at, at + rowBytes, other, at, at + rowBytes) >= 0) {
                return true;
            }
        }
        return false;
    }
}
