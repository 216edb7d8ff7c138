package dev.flexgen.engine.measure;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import java.lang.foreign.MemorySegment;

/**
 * Keeps the bus to a GPU busy while something else is measured. It asks for copies from page-locked memory ahead, as a prefetcher does for
 * weights; the GPU makes them without a thread of ours. Owned by one thread.
 */
final class BusLoad implements AutoCloseable {

    private static final long PIECE_BYTES = 32L << 20;

    /** More than caches hold. */
    private static final int PIECES = 16;

    private final Stream uploads;
    private final MemorySegment host;
    private final MemorySegment device;
    private final Event done;
    private final double bytesPerSecond;
    private final Resources resources = new Resources();

    /**
     * Takes memory for it.
     *
     * @param bytesPerSecond that the bus brings
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is no memory
     */
    BusLoad(Device gpu, double bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
        this.uploads = gpu.stream(StreamRole.WEIGHTS_IN);
        try {
            this.host = resources
                    .keep(gpu.allocateHost("measuring", PIECES * PIECE_BYTES))
                    .segment();
            this.device = resources.keep(gpu.allocate("measuring", PIECE_BYTES)).segment();
            this.done = resources.keep(gpu.event());
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Memory that it takes of the GPU's. */
    static long deviceBytes() {
        return PIECE_BYTES;
    }

    /** Memory that it takes of the host's. */
    static long hostBytes() {
        return PIECES * PIECE_BYTES;
    }

    /** Asks for as much as takes this time when nothing else goes on, so that the bus is busy for no less. */
    void begin(double seconds) {
        long copies = Math.ceilDiv((long) (seconds * bytesPerSecond), PIECE_BYTES);
        for (long i = 0; i < copies; i++) {
            uploads.upload(host.asSlice(i % PIECES * PIECE_BYTES, PIECE_BYTES), device);
        }
        uploads.record(done);
    }

    /** Waits for what was asked for. */
    void end() {
        done.join();
    }

    @Override
    public void close() {
        try {
            done.join();
        } finally {
            resources.close();
        }
    }
}
