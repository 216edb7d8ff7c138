package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.quant.Encoding;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * What kind of GPU to pretend.
 *
 * @param bytes of its memory
 * @param seed of the order in which it does things
 * @param uploadRate bytes per simulated second; 0 takes no time
 * @param downloadRate likewise
 * @param operationNanos simulated time of one operation
 * @param hostBytes page-locked host memory that the system grants
 * @param faults which calls fail
 * @param supports which operations it knows for which encodings
 * @param capabilities what it can do beside them
 * @param range of the numbers that it multiplies with weights, unless a step is repeated
 */
public record FakeGpuSettings(
        long bytes,
        long seed,
        long uploadRate,
        long downloadRate,
        long operationNanos,
        long hostBytes,
        Faults faults,
        BiPredicate<Operation, Encoding> supports,
        Set<Capability> capabilities,
        float range) {

    private static boolean known(Operation operation, Encoding encoding) {
        return switch (operation) {
            case EMBED, UP, DOWN -> true;
            case APPEND -> encoding instanceof Encoding.Plain;
            case ATTEND -> encoding instanceof Encoding.Plain || encoding.equals(Encoding.Q4);
            case SEAL -> encoding.equals(Encoding.Q4);
        };
    }

    /** No time passes, and host memory has no end. */
    public static FakeGpuSettings of(long bytes, long seed) {
        return new FakeGpuSettings(
                bytes,
                seed,
                0,
                0,
                0,
                Long.MAX_VALUE,
                Faults.NONE,
                FakeGpuSettings::known,
                EnumSet.allOf(Capability.class),
                Float.POSITIVE_INFINITY);
    }

    public FakeGpuSettings withRates(long uploadRate, long downloadRate) {
        return new FakeGpuSettings(
                bytes,
                seed,
                uploadRate,
                downloadRate,
                operationNanos,
                hostBytes,
                faults,
                supports,
                capabilities,
                range);
    }

    public FakeGpuSettings withOperationNanos(long operationNanos) {
        return new FakeGpuSettings(
                bytes,
                seed,
                uploadRate,
                downloadRate,
                operationNanos,
                hostBytes,
                faults,
                supports,
                capabilities,
                range);
    }

    public FakeGpuSettings withHostBytes(long hostBytes) {
        return new FakeGpuSettings(
                bytes,
                seed,
                uploadRate,
                downloadRate,
                operationNanos,
                hostBytes,
                faults,
                supports,
                capabilities,
                range);
    }

    public FakeGpuSettings withFaults(Faults faults) {
        return new FakeGpuSettings(
                bytes,
                seed,
                uploadRate,
                downloadRate,
                operationNanos,
                hostBytes,
                faults,
                supports,
                capabilities,
                range);
    }

    /** Without kernels for {@code missing} on {@code encoding}. */
    public FakeGpuSettings without(Operation missing, Encoding encoding) {
        BiPredicate<Operation, Encoding> rest =
                (operation, it) -> !(operation == missing && it.equals(encoding)) && supports.test(operation, it);
        return new FakeGpuSettings(
                bytes, seed, uploadRate, downloadRate, operationNanos, hostBytes, faults, rest, capabilities, range);
    }

    /** Without kernels for {@code missing}. */
    public FakeGpuSettings without(Capability missing) {
        Set<Capability> rest = EnumSet.copyOf(capabilities);
        rest.remove(missing);
        return new FakeGpuSettings(
                bytes, seed, uploadRate, downloadRate, operationNanos, hostBytes, faults, supports, rest, range);
    }

    /** Cuts numbers beyond {@code range} before it multiplies them, and then asks for the step once more. */
    public FakeGpuSettings withRange(float range) {
        return new FakeGpuSettings(
                bytes,
                seed,
                uploadRate,
                downloadRate,
                operationNanos,
                hostBytes,
                faults,
                supports,
                capabilities,
                range);
    }
}
