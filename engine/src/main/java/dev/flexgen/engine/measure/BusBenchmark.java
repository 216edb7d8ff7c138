package dev.flexgen.engine.measure;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.plan.MachineProfile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * Measures a GPU's bus and memory while it is open and holds no model yet: about a second. What is read is larger than any
 * cache, or both would come out of the cache and not out of the memory that they have to share. Owned by the calling thread.
 */
final class BusBenchmark {

    private static final long PIECE_BYTES = 128L << 20;
    private static final long LEAST_PIECE_BYTES = 1 << 16;

    /** Pieces of page-locked memory that are sent one after the other. */
    private static final int PIECES = 8;

    private static final int HAND_OVERS = 200;

    /** What a token hands over in the middle of a layer: one row of activations. */
    private static final long ROW_BYTES = 32 << 10;

    private final Stream uploads;
    private final Stream downloads;
    private final Stream compute;
    private final MemorySegment host;
    private final MemorySegment device;
    private final Event done;

    private BusBenchmark(Device gpu, MemorySegment host, MemorySegment device, Event done) {
        this.uploads = gpu.stream(StreamRole.WEIGHTS_IN);
        this.downloads = gpu.stream(StreamRole.ACTIVATIONS_OUT);
        this.compute = gpu.stream(StreamRole.COMPUTE);
        this.host = host;
        this.device = device;
        this.done = done;
    }

    /**
     * What was found.
     *
     * @param gpuRead bytes a second that the GPU reads from its own memory
     */
    record Result(double gpuRead, MachineProfile.Bus bus) {}

    /**
     * Measures.
     *
     * @param pool the processor's threads
     * @param memory that the processor reads, written zeros
     * @param gpuBytes that may be used for it on the GPU
     * @param hostBytes that may be used for it in host memory
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not even memory for that
     */
    static Result measure(Device gpu, WorkerPool pool, MemorySegment memory, long gpuBytes, long hostBytes) {
        long piece = pages(Math.clamp(Math.min(gpuBytes / 4, hostBytes / 64), LEAST_PIECE_BYTES, PIECE_BYTES));
        try (Buffer from = gpu.allocateHost("measuring", PIECES * piece);
                Buffer to = gpu.allocate("measuring", piece);
                Event done = gpu.event()) {
            return new BusBenchmark(gpu, from.segment(), to.segment(), done).measure(pool, memory);
        }
    }

    private static long pages(long bytes) {
        return bytes / 4096 * 4096;
    }

    private Result measure(WorkerPool pool, MemorySegment memory) {
        upload(1);
        double upload = upload(2 * PIECES);
        double gpuRead = copyWithin();
        double hostRead = HostMemoryBenchmark.readRate(pool, memory).hostReadBytesPerSecond();

        // More uploads than reading takes, asked for ahead: they go on while the processor reads.
        double readSeconds = 2.0 * HostMemoryBenchmark.ROUNDS * memory.byteSize() / hostRead;
        long start = System.nanoTime();
        int rounds = Math.clamp((long) (2 * readSeconds * upload / device.byteSize()), 1, 10_000);
        send(rounds);
        double hostReadBoth = HostMemoryBenchmark.readRate(pool, memory).hostReadBytesPerSecond();
        long readEnd = System.nanoTime();
        done.join();
        double seconds = (System.nanoTime() - start) / 1e9;
        // What was sent behind the last read went at full speed.
        double alone = Math.max(0, seconds - (readEnd - start) / 1e9);
        double during = rounds * (double) device.byteSize() - alone * upload;
        double uploadBoth = Math.clamp(during / (seconds - alone), upload / 10, upload);
        return new Result(
                gpuRead,
                new MachineProfile.Bus(
                        upload,
                        download(),
                        uploadBoth,
                        Math.min(hostRead, hostReadBoth),
                        new TreeMap<>(),
                        handOverSeconds()));
    }

    private double download() {
        double best = 0;
        for (int round = 0; round < 2 * PIECES; round++) {
            long start = System.nanoTime();
            downloads.download(device, host.asSlice(0, device.byteSize()));
            downloads.record(done);
            done.join();
            best = Math.max(best, device.byteSize() * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }

    /** Half the time in which a row goes to the GPU and comes back: the middle of many times. */
    private double handOverSeconds() {
        long bytes = Math.min(ROW_BYTES, device.byteSize());
        double[] seconds = new double[HAND_OVERS];
        for (int i = 0; i < HAND_OVERS; i++) {
            long start = System.nanoTime();
            uploads.upload(host.asSlice(0, bytes), device.asSlice(0, bytes));
            uploads.record(done);
            downloads.await(done);
            downloads.download(device.asSlice(0, bytes), host.asSlice(0, bytes));
            downloads.record(done);
            done.join();
            seconds[i] = (System.nanoTime() - start) / 2e9;
        }
        Arrays.sort(seconds);
        return seconds[HAND_OVERS / 2];
    }

    private double upload(int rounds) {
        long start = System.nanoTime();
        send(rounds);
        done.join();
        return rounds * device.byteSize() * 1e9 / (System.nanoTime() - start);
    }

    private void send(int rounds) {
        for (int i = 0; i < rounds; i++) {
            uploads.upload(host.asSlice(i % PIECES * device.byteSize(), device.byteSize()), device);
        }
        uploads.record(done);
    }

    /** Bytes read and bytes written count alike. */
    private double copyWithin() {
        MemorySegment from = device.asSlice(0, device.byteSize() / 2);
        MemorySegment to = device.asSlice(device.byteSize() / 2);
        double best = 0;
        for (int round = 0; round < PIECES; round++) {
            compute.copy(from, to);
            compute.record(done);
            done.join();
            long start = System.nanoTime();
            for (int i = 0; i < PIECES; i++) {
                compute.copy(from, to);
            }
            compute.record(done);
            done.join();
            best = Math.max(best, PIECES * device.byteSize() * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }
}
