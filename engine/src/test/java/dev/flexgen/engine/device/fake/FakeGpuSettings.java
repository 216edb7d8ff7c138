package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.quant.Encoding;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;

/** What kind of GPU to pretend. No time passes, host memory has no end and nothing fails or is missing, unless it is said. Immutable. */
public final class FakeGpuSettings {

    private final long bytes;
    private final long seed;

    // Only changed() writes these, before anybody else sees the object.
    private long uploadRate;
    private long downloadRate;
    private long operationNanos;
    private long hostBytes = Long.MAX_VALUE;
    private Faults faults = Faults.NONE;
    private BiPredicate<Operation, Encoding> supports = FakeGpuSettings::known;
    private Set<Capability> capabilities = EnumSet.allOf(Capability.class);
    private float range = Float.POSITIVE_INFINITY;

    private FakeGpuSettings(long bytes, long seed) {
        this.bytes = bytes;
        this.seed = seed;
    }

    /**
     * A GPU that does everything.
     *
     * @param bytes of its memory
     * @param seed of the order in which it does things
     */
    public static FakeGpuSettings of(long bytes, long seed) {
        return new FakeGpuSettings(bytes, seed);
    }

    private static boolean known(Operation operation, Encoding encoding) {
        return switch (operation) {
            case EMBED, UP, DOWN -> true;
            case APPEND -> encoding instanceof Encoding.Plain;
            case ATTEND -> encoding instanceof Encoding.Plain || encoding.equals(Encoding.Q4);
            case SEAL -> encoding.equals(Encoding.Q4);
        };
    }

    /** A copy with something changed. */
    private FakeGpuSettings changed(Consumer<FakeGpuSettings> change) {
        FakeGpuSettings copy = new FakeGpuSettings(bytes, seed);
        copy.uploadRate = uploadRate;
        copy.downloadRate = downloadRate;
        copy.operationNanos = operationNanos;
        copy.hostBytes = hostBytes;
        copy.faults = faults;
        copy.supports = supports;
        copy.capabilities = capabilities;
        copy.range = range;
        change.accept(copy);
        return copy;
    }

    /** Bytes that copies move in a simulated second; 0 takes no time. */
    public FakeGpuSettings withRates(long upload, long download) {
        return changed(it -> {
            it.uploadRate = upload;
            it.downloadRate = download;
        });
    }

    /** Simulated time of one operation. */
    public FakeGpuSettings withOperationNanos(long nanos) {
        return changed(it -> it.operationNanos = nanos);
    }

    /** Page-locked host memory that the system grants. */
    public FakeGpuSettings withHostBytes(long granted) {
        return changed(it -> it.hostBytes = granted);
    }

    /** Which calls fail. */
    public FakeGpuSettings withFaults(Faults wanted) {
        return changed(it -> it.faults = wanted);
    }

    /** Without kernels for {@code missing} on {@code encoding}. */
    public FakeGpuSettings without(Operation missing, Encoding encoding) {
        BiPredicate<Operation, Encoding> before = supports;
        return changed(it -> it.supports = (operation, other) ->
                !(operation == missing && other.equals(encoding)) && before.test(operation, other));
    }

    /** Without kernels for {@code missing}. */
    public FakeGpuSettings without(Capability missing) {
        Set<Capability> rest = EnumSet.copyOf(capabilities);
        rest.remove(missing);
        return changed(it -> it.capabilities = rest);
    }

    /** Cuts numbers beyond {@code most} before it multiplies them, and then asks for the step once more. */
    public FakeGpuSettings withRange(float most) {
        return changed(it -> it.range = most);
    }

    public long bytes() {
        return bytes;
    }

    long seed() {
        return seed;
    }

    long uploadRate() {
        return uploadRate;
    }

    long downloadRate() {
        return downloadRate;
    }

    long operationNanos() {
        return operationNanos;
    }

    long hostBytes() {
        return hostBytes;
    }

    Faults faults() {
        return faults;
    }

    BiPredicate<Operation, Encoding> supports() {
        return supports;
    }

    Set<Capability> capabilities() {
        return capabilities;
    }

    float range() {
        return range;
    }
}
