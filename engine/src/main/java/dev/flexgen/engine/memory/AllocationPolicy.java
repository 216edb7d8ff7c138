package dev.flexgen.engine.memory;

/**
 * How a device rounds allocations: it may take more memory than was asked for.
 *
 * @param unit bytes of which every allocation takes a multiple
 * @param smallBytes below this, allocations share units: {@link SmallBuffers}
 */
public record AllocationPolicy(long unit, long smallBytes) {

    /** Every byte as asked for. */
    public static final AllocationPolicy EXACT = new AllocationPolicy(1, 0);

    /** What an allocation that is not small takes. */
    public long rounded(long bytes) {
        return Math.ceilDiv(bytes, unit) * unit;
    }

    public boolean isSmall(long bytes) {
        return bytes < smallBytes;
    }
}
