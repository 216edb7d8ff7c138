package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flexgen.config.Environment;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The GPU's memory, and what goes wrong with it. */
@Tag("gpu")
class CudaDeviceTest {

    private static final long MIB = 1 << 20;

    private final Ledger ledger = new Ledger();

    @Test
    void theLedgerAgreesWithTheDriver() {
        try (Device device = TestGpus.open(ledger)) {
            CudaDevice cuda = (CudaDevice) device;
            long freeBefore = cuda.freeBytes();
            long heldBefore = ledger.bytes(Tier.GPU);
            try (Buffer large = device.allocate("large", 301 * MIB);
                    Buffer odd = device.allocate("odd", 3 * MIB + 1)) {
                long taken = freeBefore - cuda.freeBytes();
                assertThat(ledger.bytes(Tier.GPU) - heldBefore).isEqualTo(taken);
                assertThat(large.segment().byteSize() + odd.segment().byteSize())
                        .isEqualTo(304 * MIB + 1);
            }
            assertThat(cuda.freeBytes()).isEqualTo(freeBefore);
            assertThat(ledger.bytes(Tier.GPU)).isEqualTo(heldBefore);
        }
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void smallBuffersAreCountedAsTheDriverCountsThem() {
        try (Device device = TestGpus.open(ledger)) {
            CudaDevice cuda = (CudaDevice) device;
            long freeBefore = cuda.freeBytes();
            long heldBefore = ledger.bytes(Tier.GPU);
            List<Buffer> buffers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                buffers.add(device.allocate("small", 700 << 10));
            }
            assertThat(ledger.bytes(Tier.GPU) - heldBefore).isEqualTo(freeBefore - cuda.freeBytes());
            buffers.forEach(Buffer::close);
            assertThat(cuda.freeBytes()).isEqualTo(freeBefore);
            assertThat(ledger.bytes(Tier.GPU)).isEqualTo(heldBefore);
        }
    }

    /** What cannot be counted before it is taken, the context, kernels and cuBLAS's own, is estimated so that the cap holds. */
    @Test
    void theDriverNeverHoldsMoreThanTheLedgerAndNothingAfterClosing() {
        TestGpus.source();
        MemoryFigures figures = new MemoryFigures(0);
        long before = figures.used().orElse(0);
        assumeTrue(before > 0, "the management library does not answer");
        try (Device device = TestGpus.open(ledger);
                Buffer buffer = device.allocate("operands", 192 * MIB)) {
            for (Encoding encoding : Cublas.ENCODINGS) {
                for (int tokens : new int[] {1, 3, 9, 40, 300, 1500}) {
                    Matrix weight =
                            new Matrix(encoding, 4096, 4096, buffer.segment().asSlice(0, encoding.bytes(4096, 4096)));
                    Rows in = new Rows(buffer.segment().asSlice(64 * MIB, 64 * MIB), tokens, 4096);
                    Rows out = new Rows(buffer.segment().asSlice(128 * MIB, 64 * MIB), tokens, 4096);
                    device.ops().up(new Linear(weight, null), in, out);
                    device.ops().down(weight, in, out);
                }
            }
            device.stream(StreamRole.COMPUTE).join();
            assertThat(figures.used().orElse(0) - before).isLessThanOrEqualTo(ledger.bytes(Tier.GPU));
        }
        // Where another test's device is open, they share a context, which keeps the stacks that kernels of cuBLAS
        // wanted.
        long stacks = before > 256 * MIB ? 32 * MIB : 0;
        assertThat(figures.used().orElse(0)).isCloseTo(before, within(4 * MIB + stacks));
    }

    @Test
    void anyThreadMayUseAStream() throws Exception {
        try (Device device = TestGpus.open(ledger);
                Buffer host = device.allocateHost("host", 64);
                Buffer buffer = device.allocate("buffer", 64);
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            other.submit(() -> {
                        host.segment().fill((byte) 7);
                        device.stream(StreamRole.WEIGHTS_IN).upload(host.segment(), buffer.segment());
                        device.stream(StreamRole.WEIGHTS_IN).join();
                    })
                    .get();
            host.segment().fill((byte) 0);
            device.stream(StreamRole.COMPUTE).download(buffer.segment(), host.segment());
            device.stream(StreamRole.COMPUTE).join();
            assertThat(host.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
        }
    }

    /** Blocks that are streamed and experts that are fetched reach the GPU on one stream, asked for by two threads. */
    @Test
    void twoThreadsMayUseAStreamAtTheSameTime() throws Exception {
        int copies = 2000;
        try (Device device = TestGpus.open(ledger);
                Buffer host = device.allocateHost("host", 512L * copies);
                Buffer back = device.allocateHost("back", 512L * copies);
                Buffer buffer = device.allocate("buffer", 512L * copies);
                ExecutorService other = Executors.newFixedThreadPool(2)) {
            for (int i = 0; i < 2 * copies; i++) {
                host.segment().asSlice(i * 256L, 256).fill((byte) (i * 31));
            }
            Stream stream = device.stream(StreamRole.WEIGHTS_IN);
            List<Future<?>> halves = new ArrayList<>();
            for (int half = 0; half < 2; half++) {
                int first = half * copies;
                halves.add(other.submit(() -> {
                    for (int i = first; i < first + copies; i++) {
                        stream.upload(
                                host.segment().asSlice(i * 256L, 256),
                                buffer.segment().asSlice(i * 256L, 256));
                    }
                }));
            }
            for (Future<?> half : halves) {
                half.get();
            }
            stream.download(buffer.segment(), back.segment());
            stream.join();
            assertThat(back.segment().mismatch(host.segment())).isEqualTo(-1);
        }
    }

    @Test
    void largePageLockedMemoryIsZeroedAndCopiedWithoutWaiting() {
        try (CudaDevice device = (CudaDevice) TestGpus.open(ledger);
                Buffer host = device.allocateHost("host", 65 * MIB + 3);
                Buffer back = device.allocateHost("back", 65 * MIB + 3);
                Buffer buffer = device.allocate("buffer", 65 * MIB + 3)) {
            assertThat(host.segment().address() % 4096).isZero();
            assertThat(host.segment().mismatch(back.segment())).isEqualTo(-1);
            assertThat(host.segment().get(ValueLayout.JAVA_BYTE, 0)).isZero();
            for (long at = 0; at < host.segment().byteSize(); at += 511) {
                host.segment().set(ValueLayout.JAVA_BYTE, at, (byte) at);
            }
            Stream stream = device.stream(StreamRole.WEIGHTS_IN);
            long start = System.nanoTime();
            for (int i = 0; i < 20; i++) {
                stream.upload(host.segment(), buffer.segment());
            }
            long asked = System.nanoTime() - start;
            stream.download(buffer.segment(), back.segment());
            stream.join();
            long done = System.nanoTime() - start;
            assertThat(back.segment().mismatch(host.segment())).isEqualTo(-1);
            assertThat(asked).isLessThan(done / 4); // copies of other memory are done when the call returns
        }
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void pageLockedMemoryThatTheSystemRefusesIsAMatterOfPlacement() {
        try (Device device = TestGpus.open(ledger)) {
            assertThatThrownBy(() -> device.allocateHost("ring", 1L << 46))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                    .hasMessageContaining("page-locked host memory for ring")
                    .hasMessageContaining("cuMemHostAlloc");
        }
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void aKernelThatDoesNotCompileQuotesTheCompiler() {
        TestGpus.source();
        assertThatThrownBy(() -> Nvrtc.load(CudaLibraries.of(Environment.current()))
                        .compile("bad.cu", "extern \"C\" __global__ void k() { nonsense; }", Nvrtc.options(75)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("bad.cu")
                .hasMessageContaining("sm_75")
                .hasMessageContaining("identifier \"nonsense\" is undefined");
    }

    @Test
    void theCapIsKeptAndNamed() {
        ledger.cap(Tier.GPU, 1000 * MIB);
        try (Device device = TestGpus.open(ledger)) {
            assertThatThrownBy(() -> device.allocate("weights", 900 * MIB))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                    .hasMessageContaining("weights needs 900 MiB more GPU memory")
                    .hasMessageContaining("--gpu-memory");
            assertThat(ledger.peak(Tier.GPU)).isLessThanOrEqualTo(1000 * MIB);
        }
    }

    @Test
    void aCapBelowTheContextIsRefused() {
        TestGpus.source();
        ledger.cap(Tier.GPU, 10 * MIB);
        assertThatThrownBy(() -> TestGpus.open(ledger))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("CUDA context needs");
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void moreThanTheGpuHasIsRefusedWithTheDriversFigure() {
        try (Device device = TestGpus.open(ledger)) {
            assertThatThrownBy(() -> device.allocate("weights", 1L << 42))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                    .hasMessageContaining("the driver has only")
                    .hasMessageContaining("another program");
        }
    }

    @Test
    void ordinaryHostMemoryIsCopiedToo() {
        try (Device device = TestGpus.open(ledger);
                Buffer buffer = device.allocate("copy", 8 * MIB);
                Arena arena = Arena.ofShared()) {
            MemorySegment there = arena.allocate(8 * MIB);
            MemorySegment back = arena.allocate(8 * MIB);
            for (long i = 0; i < 2 * MIB; i++) {
                there.setAtIndex(ValueLayout.JAVA_INT, i, (int) i * 31);
            }
            device.stream(StreamRole.WEIGHTS_IN).upload(there, buffer.segment());
            device.stream(StreamRole.WEIGHTS_IN).download(buffer.segment(), back);
            device.stream(StreamRole.WEIGHTS_IN).join();
            assertThat(back.mismatch(there)).isEqualTo(-1);
        }
    }

    @Test
    @SuppressWarnings("restricted") // there is nothing at that address
    void aFailedCallIsNamed() {
        try (Device device = TestGpus.open(ledger);
                Arena arena = Arena.ofShared()) {
            MemorySegment host = arena.allocate(64);
            MemorySegment nowhere = MemorySegment.ofAddress(64).reinterpret(64);
            assertThatThrownBy(() -> {
                        device.stream(StreamRole.WEIGHTS_IN).upload(host, nowhere);
                        device.stream(StreamRole.WEIGHTS_IN).join();
                    })
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.DEVICE))
                    .hasMessageContaining("cuMemcpyHtoDAsync failed on")
                    .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
        }
    }
}
