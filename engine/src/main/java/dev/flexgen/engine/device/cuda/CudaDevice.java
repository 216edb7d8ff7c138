package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.AllocationPolicy;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An NVIDIA GPU. All that the process takes of its memory is entered in the ledger, the driver's context and cuBLAS's own
 * memory included. Owned by the engine's thread; the prefetching thread uses {@link StreamRole#WEIGHTS_IN} as well.
 */
final class CudaDevice implements Device {

    /** What cuBLAS wants on a Hopper GPU for its fastest products. */
    private static final long CUBLAS_WORKSPACE_BYTES = 32L << 20;

    /** Below this, cuBLAS's memory is better spent on weights. */
    private static final long CUBLAS_LEAST_BYTES = 2L << 30;

    /** Room for the machine code of kernels, and whatever the driver takes with them. */
    private static final long MODULES_BYTES = 32L << 20;

    private final Driver driver;
    private final Ledger ledger;
    private final CudaMemory memory;
    private final Map<StreamRole, CudaStream> streams = new EnumMap<>(StreamRole.class);
    private final CudaKernels kernels;
    private final Arena arena = Arena.ofShared();
    private final CudaLibraries libraries;
    private final long overhead;
    private @Nullable Cublas cublas;
    private long cublasOwn;
    private @Nullable Buffer scratch;
    private @Nullable Buffer noted;
    private @Nullable CudaOps ops;
    private boolean closed;

    private CudaDevice(
            Driver driver,
            Ledger ledger,
            long contextBytes,
            Path cacheFolder,
            CudaLibraries libraries,
            PageLocks locks) {
        this.driver = driver;
        this.ledger = ledger;
        this.libraries = libraries;
        this.overhead = contextBytes + MODULES_BYTES;
        ledger.enter(Tier.GPU, "CUDA context", overhead);
        try {
            this.memory = new CudaMemory(driver, ledger, locks);
            for (StreamRole lane : StreamRole.values()) {
                streams.put(lane, new CudaStream(driver));
            }
            this.kernels = new CudaKernels(driver, cudaStream(StreamRole.COMPUTE), new CubinCache(cacheFolder));
            cudaStream(StreamRole.ACTIVATIONS_IN).copyBy(new KernelCopies(kernels, memory, arena));
        } catch (Throwable e) {
            streams.values().forEach(CudaStream::close);
            arena.close();
            ledger.leave(Tier.GPU, "CUDA context", overhead);
            throw e;
        }
    }

    /**
     * Opens a GPU.
     *
     * @param driver closed with the device
     * @param contextBytes that the driver took for its context
     * @param cacheFolder for compiled kernels
     * @param libraries where cuBLAS may lie
     * @param locks of all GPUs that are opened with it
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if the ledger's cap is too small, DEVICE if the GPU fails
     */
    static CudaDevice open(
            Driver driver,
            Ledger ledger,
            long contextBytes,
            Path cacheFolder,
            CudaLibraries libraries,
            PageLocks locks) {
        CudaDevice device;
        try {
            device = new CudaDevice(driver, ledger, contextBytes, cacheFolder, libraries, locks);
        } catch (Throwable e) {
            driver.close();
            throw e;
        }
        try {
            device.prepare();
            return device;
        } catch (Throwable e) {
            device.close();
            throw e;
        }
    }

    private void prepare() {
        long room = ledger.cap(Tier.GPU) - ledger.bytes(Tier.GPU);
        cublas = room < CUBLAS_LEAST_BYTES ? null : openCublas().orElse(null);
        long bytes = room < CUBLAS_LEAST_BYTES ? DeviceScratch.MIN_BYTES : CudaOps.GOOD_SCRATCH_BYTES;
        scratch = allocate("scratch", bytes);
        noted = allocateHost("scratch", RangeWatch.BYTES);
        ops = new CudaOps(kernels, cublas, scratch.segment(), new RangeWatch(noted.segment()), arena);
    }

    /** The library's own memory shows in the driver's figures alone, after its first products. */
    private Optional<Cublas> openCublas() {
        libraries.load("libcublasLt.so.13", "libcublas.so.13");
        long before = driver.freeBytes();
        Buffer workspace = memory.allocate("cuBLAS", CUBLAS_WORKSPACE_BYTES);
        Optional<Cublas> opened = Cublas.open(driver, cudaStream(StreamRole.COMPUTE), workspace);
        opened.ifPresent(library -> {
            try {
                tryOut(library);
                long own = Math.max(0, before - driver.freeBytes() - CUBLAS_WORKSPACE_BYTES);
                ledger.enter(Tier.GPU, "cuBLAS's own", own);
                cublasOwn = own;
            } catch (Throwable e) {
                library.close();
                throw e;
            }
        });
        return opened;
    }

    private void tryOut(Cublas library) {
        try (Buffer trial = allocate("cuBLAS", 3L << 20)) {
            MemorySegment rows = trial.segment().asSlice(0, 1 << 20);
            for (Encoding encoding : Cublas.ENCODINGS) {
                Matrix weight =
                        new Matrix(encoding, 256, 512, trial.segment().asSlice(1 << 20, encoding.bytes(256, 512)));
                Rows out = new Rows(trial.segment().asSlice(2 << 20, 1 << 20), 512, 512);
                library.up(rows, weight, new Rows(out.data(), 512, 256), 0);
                library.down(rows, 256, weight, out);
            }
            stream(StreamRole.COMPUTE).join();
        }
    }

    private CudaStream cudaStream(StreamRole lane) {
        return Objects.requireNonNull(streams.get(lane), lane::name);
    }

    @Override
    public String name() {
        return driver.name() + (cublas == null ? " without cuBLAS" : "");
    }

    @Override
    public Tier tier() {
        return Tier.GPU;
    }

    @Override
    public AllocationPolicy allocationPolicy() {
        return CudaMemory.POLICY;
    }

    @Override
    public boolean supports(Operation operation, Encoding encoding) {
        return switch (operation) {
            case EMBED, UP, DOWN -> true;
            case APPEND -> encoding instanceof Encoding.Plain;
            case ATTEND -> encoding instanceof Encoding.Plain || encoding.equals(Encoding.Q4);
            case SEAL -> encoding.equals(Encoding.Q4);
        };
    }

    @Override
    public boolean supports(Capability capability) {
        return CudaGpus.CAPABILITIES.contains(capability);
    }

    @Override
    public int mostSlopes() {
        return CudaAttention.SLOPES;
    }

    @Override
    public Buffer allocate(String owner, long bytes) {
        Buffer buffer = memory.allocate(owner, bytes);
        try {
            Stream stream = stream(StreamRole.COMPUTE);
            stream.zero(buffer.segment());
            stream.join(); // other streams must not write before the zeros
            return buffer;
        } catch (Throwable e) {
            buffer.close();
            throw e;
        }
    }

    @Override
    public Buffer allocateHost(String owner, long bytes) {
        return memory.allocateHost(owner, bytes);
    }

    @Override
    public Ops ops() {
        return Objects.requireNonNull(ops, "open");
    }

    @Override
    public boolean mustRepeat() {
        return Objects.requireNonNull(ops, "open").mustRepeat();
    }

    @Override
    public Stream stream(StreamRole lane) {
        return cudaStream(lane);
    }

    @Override
    public Event event() {
        return new CudaEvent(driver);
    }

    /** Bytes of the GPU's memory that nobody holds, by the driver's word. */
    long freeBytes() {
        return driver.freeBytes();
    }

    /** The kernels, for tests of their own. */
    CudaKernels kernels() {
        return kernels;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean failed = false;
        for (CudaStream stream : streams.values()) {
            try {
                stream.join();
            } catch (RuntimeException e) {
                failed = true; // it was reported where it was waited for
            }
        }
        if (cublas != null) {
            cublas.close();
            ledger.leave(Tier.GPU, "cuBLAS's own", cublasOwn);
            cublas = null;
        }
        if (scratch != null) {
            scratch.close();
            scratch = null;
        }
        if (noted != null) {
            noted.close();
            noted = null;
        }
        kernels.close();
        streams.values().forEach(CudaStream::close);
        streams.clear();
        arena.close();
        driver.close();
        if (failed) {
            driver.reset();
        }
        ledger.leave(Tier.GPU, "CUDA context", overhead);
    }
}
