package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;

/**
 * Shared memory of a block of {@code groupup.cu}: units of weights on their way, staged groups of activations, sums.
 *
 * @param whole whether all groups of all tokens are staged at once, so that a block need not do it again for its next tile
 * @param room groups that are staged at a time, those of all tokens together
 */
record GroupUpMemory(boolean whole, int room, int bytes) {

    /** Rows of a tile. */
    static final int ROWS = 32;

    /** Tiles that a block works on at a time. */
    static final int TEAMS = 2;

    private static final int WARPS = 8;
    private static final int STEP = 8; // groups that a team takes at a time
    private static final int STAGED_BYTES = 2 * 64 * 2 + 8; // two parts of F16, a factor and a sum
    private static final int TOKEN_SUMS_BYTES = 2 * WARPS * ROWS * 4;

    /** Half of what a multiprocessor has where {@link #isLarge}. */
    private static final int LARGE_BYTES = 112 << 10;

    /** Below that, so many tokens at most have their sums in memory of their own. */
    private static final int FEW = 4;

    /** For rows of {@code groups} groups, in the kernel for at most {@code most} tokens. */
    static GroupUpMemory of(int capability, Grouped encoding, int groups, int tokens, int most) {
        int units = unitBytes(capability, encoding);
        int room = Math.ceilDiv(groups, STEP) * STEP * tokens;
        long bytes = units + (long) room * STAGED_BYTES + (long) tokens * TOKEN_SUMS_BYTES;
        int least = least(most);
        boolean whole = isLarge(capability) ? bytes <= LARGE_BYTES : room <= least && tokens <= FEW;
        return whole
                ? new GroupUpMemory(true, room, (int) bytes)
                : new GroupUpMemory(false, least, units + least * STAGED_BYTES);
    }

    /** What {@link #of} takes at most. */
    static int mostBytes(int capability, Grouped encoding, int most) {
        return isLarge(capability)
                ? LARGE_BYTES
                : unitBytes(capability, encoding) + least(most) * STAGED_BYTES + FEW * TOKEN_SUMS_BYTES;
    }

    /** The same, whatever the encoding. */
    static int mostBytes(int capability, int most) {
        return Encoding.ALL.stream()
                .mapToInt(encoding -> encoding instanceof Grouped grouped ? mostBytes(capability, grouped, most) : 0)
                .max()
                .orElseThrow();
    }

    /** Hopper and the data centre's Blackwell; the cards of 12.x have no more than those before Hopper. */
    private static boolean isLarge(int capability) {
        return capability >= 90 && capability < 120;
    }

    private static int least(int most) {
        return Math.max(8, most) * STEP;
    }

    /** {@code STAGES} units for each warp. */
    private static int unitBytes(int capability, Grouped encoding) {
        boolean wide = encoding.bits() == 8;
        int stages = isLarge(capability) && wide ? 2 : capability >= 80 && !wide ? 3 : 1;
        return WARPS * stages * 32 * 2 * encoding.groupBytes();
    }
}
