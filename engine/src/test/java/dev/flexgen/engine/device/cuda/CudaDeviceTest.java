package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Lane;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
            device.stream(Lane.WEIGHTS_IN).upload(there, buffer.segment());
            device.stream(Lane.WEIGHTS_IN).download(buffer.segment(), back);
            device.stream(Lane.WEIGHTS_IN).join();
            assertThat(back.mismatch(there)).isEqualTo(-1);
        }
    }

    @Test
    @SuppressWarnings("restricted") // nothing lies there
    void aFailedCallIsNamed() {
        try (Device device = TestGpus.open(ledger);
                Arena arena = Arena.ofShared()) {
            MemorySegment host = arena.allocate(64);
            MemorySegment nowhere = MemorySegment.ofAddress(64).reinterpret(64);
            assertThatThrownBy(() -> {
                        device.stream(Lane.WEIGHTS_IN).upload(host, nowhere);
                        device.stream(Lane.WEIGHTS_IN).join();
                    })
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.DEVICE))
                    .hasMessageContaining("cuMemcpyHtoDAsync failed on")
                    .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
        }
    }
}
