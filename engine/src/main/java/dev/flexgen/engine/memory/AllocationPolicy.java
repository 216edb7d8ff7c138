package dev.flexgen.engine.memory;

/**
 * In which amounts a device's memory is really taken, whatever is asked for.
 *
 * @param unit every allocation takes a multiple of so many bytes
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
