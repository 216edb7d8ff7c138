package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.StreamRole;
import java.util.Map;

/**
 * What a {@link FakeGpu} has done so far.
 *
 * @param lanes what went through each
 * @param streamJoins calls of {@code Stream.join}: none is allowed inside a step
 * @param pageableCopies copies from or to host memory that is not page-locked
 * @param operations done
 * @param peakBytes the most that its memory has held
 * @param openEvents that nobody has closed
 * @param nanos simulated time
 */
public record Statistics(
        Map<StreamRole, Traffic> lanes,
        int streamJoins,
        int pageableCopies,
        int operations,
        long peakBytes,
        int openEvents,
        long nanos) {

    /**
     * One lane's.
     *
     * @param uploadedBytes of copies that are finished
     * @param downloadedBytes likewise
     * @param busyNanos simulated time of finished work
     */
    public record Traffic(long uploadedBytes, long downloadedBytes, long busyNanos) {

        static final Traffic NONE = new Traffic(0, 0, 0);

        Traffic plus(Traffic more) {
            return new Traffic(
                    uploadedBytes + more.uploadedBytes,
                    downloadedBytes + more.downloadedBytes,
                    busyNanos + more.busyNanos);
        }
    }

    public Traffic of(StreamRole lane) {
        return lanes.getOrDefault(lane, Traffic.NONE);
    }
}
