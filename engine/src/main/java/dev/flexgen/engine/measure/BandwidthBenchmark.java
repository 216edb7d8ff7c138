package dev.flexgen.engine.measure;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.device.cpu.VectorOps;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostMemory;
import dev.flexgen.engine.memory.HostPages;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.plan.Bandwidths;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Measures {@link Bandwidths} with a GPU that is open but holds no model yet: a second or two. What is read is larger than any
 * cache, or both would come out of the cache and not out of the memory that they have to share. Owned by the calling thread.
 */
public final class BandwidthBenchmark {

    private static final long PIECE_BYTES = 128L << 20;
    private static final long LEAST_PIECE_BYTES = 1 << 16;

    /** Pieces of page-locked memory that are sent one after the other. */
    private static final int PIECES = 8;

    private static final long HOST_BYTES = 1L << 30;

    /** More than caches hold. */
    private static final long GROUPED_BYTES = 256L << 20;

    private static final int GROUPED_COLUMNS = 8192;
    private static final long GROUPED_NANOS = 1_500_000_000L;

    private final Stream uploads;
    private final Stream compute;
    private final MemorySegment host;
    private final MemorySegment device;
    private final Event done;

    private BandwidthBenchmark(Device gpu, MemorySegment host, MemorySegment device, Event done) {
        this.uploads = gpu.stream(StreamRole.WEIGHTS_IN);
        this.compute = gpu.stream(StreamRole.COMPUTE);
        this.host = host;
        this.device = device;
        this.done = done;
    }

    /**
     * Measures a machine's bandwidths.
     *
     * @param pool the processor's threads
     * @param gpuBytes that may be used for it on the GPU
     * @param hostBytes that may be used for it in host memory
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not even memory for that
     */
    public static Bandwidths measure(Device gpu, WorkerPool pool, long gpuBytes, long hostBytes) {
        long piece = pages(Math.clamp(Math.min(gpuBytes / 4, hostBytes / 64), LEAST_PIECE_BYTES, PIECE_BYTES));
        long read = Math.clamp(hostBytes / 8 / HostMemoryBenchmark.PIECE, 1, HOST_BYTES / HostMemoryBenchmark.PIECE)
                * HostMemoryBenchmark.PIECE;
        try (Buffer from = gpu.allocateHost("measuring", PIECES * piece);
                Buffer to = gpu.allocate("measuring", piece);
                Event done = gpu.event();
                Buffer memory = new HostMemory(new Ledger()).allocate("measuring", read)) {
            HostPages.touch(memory.segment());
            BandwidthBenchmark meter = new BandwidthBenchmark(gpu, from.segment(), to.segment(), done);
            return meter.measure(pool, memory.segment());
        }
    }

    private static long pages(long bytes) {
        return bytes / 4096 * 4096;
    }

    private Bandwidths measure(WorkerPool pool, MemorySegment memory) {
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
        return new Bandwidths(
                gpuRead, upload, hostRead, uploadBoth, Math.min(hostRead, hostReadBoth), groupedProduct(pool, memory));
    }

    /** The best of some products of a 4-bit matrix with one token; the first ones have the code compiled. */
    private static double groupedProduct(WorkerPool pool, MemorySegment memory) {
        int rows = Math.toIntExact(Math.min(memory.byteSize(), GROUPED_BYTES) / Encoding.Q4.rowBytes(GROUPED_COLUMNS));
        if (rows == 0) {
            return Double.MAX_VALUE;
        }
        Matrix matrix = new Matrix(
                Encoding.Q4, rows, GROUPED_COLUMNS, memory.asSlice(0, Encoding.Q4.bytes(rows, GROUPED_COLUMNS)));
        double best = 0;
        try (Arena arena = Arena.ofShared()) {
            Rows in = Rows.in(arena.allocate(4L * GROUPED_COLUMNS, 64), 1, GROUPED_COLUMNS);
            Rows out = Rows.in(arena.allocate(4L * rows, 64), 1, rows);
            Ops ops = new VectorOps(pool);
            long end = System.nanoTime() + GROUPED_NANOS;
            while (best == 0 || System.nanoTime() < end) {
                long start = System.nanoTime();
                ops.up(new Linear(matrix, null), in, out);
                best = Math.max(best, matrix.bytes() * 1e9 / (System.nanoTime() - start));
            }
        }
        return best;
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
