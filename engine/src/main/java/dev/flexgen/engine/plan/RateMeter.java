package dev.flexgen.engine.plan;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Lane;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Measures {@link Rates} with a GPU that is open but holds no model yet: about a second. Owned by the calling thread. */
public final class RateMeter {

    private static final long MOST_BYTES = 256L << 20;
    private static final long LEAST_BYTES = 1 << 16;

    /** Far more than a processor's caches hold. */
    private static final long HOST_BYTES = 512L << 20;

    private static final int ROUNDS = 6;

    private final Stream uploads;
    private final Stream compute;
    private final MemorySegment host;
    private final MemorySegment device;
    private final Event done;

    private RateMeter(Device gpu, MemorySegment host, MemorySegment device, Event done) {
        this.uploads = gpu.stream(Lane.WEIGHTS_IN);
        this.compute = gpu.stream(Lane.COMPUTE);
        this.host = host;
        this.device = device;
        this.done = done;
    }

    /**
     * Measures.
     *
     * @param pool the processor's threads
     * @param gpuBytes that may be used for it on the GPU
     * @throws dev.flexgen.engine.EngineException of kind PLACEMENT if there is not even memory for that
     */
    public static Rates measure(Device gpu, WorkerPool pool, long gpuBytes) {
        long bytes = Math.clamp(gpuBytes / 4 / 4096 * 4096, LEAST_BYTES, MOST_BYTES);
        long free = Machine.availableHostBytes().orElse(4 * HOST_BYTES);
        long hostBytes = Math.clamp(free / 4 / Machine.PIECE * Machine.PIECE, Machine.PIECE, HOST_BYTES);
        try (Buffer from = gpu.allocateHost("measuring", bytes);
                Buffer to = gpu.allocate("measuring", bytes);
                Event done = gpu.event();
                Arena arena = Arena.ofShared()) {
            RateMeter meter = new RateMeter(gpu, from.segment(), to.segment(), done);
            return meter.measure(pool, arena.allocate(hostBytes, 4096));
        }
    }

    private Rates measure(WorkerPool pool, MemorySegment memory) {
        upload(1);
        double upload = upload(ROUNDS);
        double gpuRead = copyWithin();
        double hostRead = Machine.readRate(pool, memory);

        // As many uploads as reading takes, asked for ahead: they go on while the processor reads.
        double readSeconds = Machine.ROUNDS * memory.byteSize() / hostRead;
        int rounds = (int) Math.clamp(1.5 * readSeconds * upload / host.byteSize(), 1, 10_000);
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            uploads.upload(host, device);
        }
        uploads.record(done);
        double hostReadBoth = Machine.readRate(pool, memory);
        done.join();
        double uploadBoth = rounds * host.byteSize() * 1e9 / (System.nanoTime() - start);
        return new Rates(gpuRead, upload, hostRead, Math.min(upload, uploadBoth), Math.min(hostRead, hostReadBoth));
    }

    private double upload(int rounds) {
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            uploads.upload(host, device);
        }
        uploads.record(done);
        done.join();
        return rounds * host.byteSize() * 1e9 / (System.nanoTime() - start);
    }

    /** Bytes read and bytes written count alike. */
    private double copyWithin() {
        MemorySegment from = device.asSlice(0, device.byteSize() / 2);
        MemorySegment to = device.asSlice(device.byteSize() / 2);
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            compute.copy(from, to);
            compute.record(done);
            done.join();
            long start = System.nanoTime();
            for (int i = 0; i < ROUNDS; i++) {
                compute.copy(from, to);
            }
            compute.record(done);
            done.join();
            best = Math.max(best, ROUNDS * device.byteSize() * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }
}
