package dev.flexgen.engine.device.fake;

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
 */
public record FakeGpuSettings(
        long bytes, long seed, long uploadRate, long downloadRate, long operationNanos, long hostBytes, Faults faults) {

    /** No time passes, and host memory has no end. */
    public static FakeGpuSettings of(long bytes, long seed) {
        return new FakeGpuSettings(bytes, seed, 0, 0, 0, Long.MAX_VALUE, Faults.NONE);
    }

    public FakeGpuSettings withRates(long uploadRate, long downloadRate) {
        return new FakeGpuSettings(bytes, seed, uploadRate, downloadRate, operationNanos, hostBytes, faults);
    }

    public FakeGpuSettings withOperationNanos(long operationNanos) {
        return new FakeGpuSettings(bytes, seed, uploadRate, downloadRate, operationNanos, hostBytes, faults);
    }

    public FakeGpuSettings withHostBytes(long hostBytes) {
        return new FakeGpuSettings(bytes, seed, uploadRate, downloadRate, operationNanos, hostBytes, faults);
    }

    public FakeGpuSettings withFaults(Faults faults) {
        return new FakeGpuSettings(bytes, seed, uploadRate, downloadRate, operationNanos, hostBytes, faults);
    }
}
