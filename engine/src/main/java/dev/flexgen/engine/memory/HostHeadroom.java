package dev.flexgen.engine.memory;

import java.util.OptionalLong;

/**
 * Host memory, in bytes, that models must leave alone, because the program around them will still take it and the
 * {@link Ledger} does not count it:
 *
 * <pre>
 *   what the Java heap may still grow by, up to {@link #MOST_HEAP_BYTES} in all   prefill and decode scratch, logits, texts
 * + {@link #NATIVE_BYTES}                                                         compiled code, classes, stacks, tokenizer
 * + {@link #GPU_BYTES} beside a GPU                                               the driver's and cuBLAS's own host memory
 * + 1/{@link #SHARE} of what is available                                         page tables, and whoever comes next
 * </pre>
 */
public final class HostHeadroom {

    /** The engine's arrays and the application's texts stay far below, however large Java lets its heap become. */
    static final long MOST_HEAP_BYTES = 512L << 20;

    static final long NATIVE_BYTES = 96L << 20;
    static final long GPU_BYTES = 256L << 20;
    static final int SHARE = 64;

    /** Of a machine that is not here, for its system and desktop. */
    static final int SYSTEM_SHARE = 16;

    private HostHeadroom() {}

    /** What of the available memory models may take now; empty where the system does not say what is available. */
    public static OptionalLong usableBytes(boolean besideGpu) {
        Runtime java = Runtime.getRuntime();
        OptionalLong available = AvailableMemory.bytes();
        return available.isEmpty()
                ? available
                : OptionalLong.of(usable(
                        available.getAsLong(), java.maxMemory(), java.totalMemory() - java.freeMemory(), besideGpu));
    }

    /** The same of another machine, where nothing else runs. */
    public static long usableOf(long memoryBytes, boolean besideGpu) {
        return usable(memoryBytes - memoryBytes / SYSTEM_SHARE, MOST_HEAP_BYTES, 0, besideGpu);
    }

    /** @param heapUsed of the heap; what it has reserved beyond that, the system has not given it yet */
    static long usable(long available, long heapMost, long heapUsed, boolean besideGpu) {
        long heap = Math.max(0, Math.min(heapMost, MOST_HEAP_BYTES) - heapUsed);
        long headroom = heap + NATIVE_BYTES + (besideGpu ? GPU_BYTES : 0) + available / SHARE;
        return Math.max(0, available - headroom);
    }
}
