package dev.flexgen.engine.device.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostMemory;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory, time, arguments, faults and counts of the fake GPU. */
@Timeout(30)
class FakeGpuTest {

    private static final FakeGpuSettings SETTINGS = FakeGpuSettings.of(8192, 3);

    private final Ledger ledger = new Ledger();

    @AfterEach
    void everyByteIsGivenBack() {
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void deviceMemoryCanBeSlicedAndNotTouched() {
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS);
                Buffer buffer = gpu.allocate("weights", 64)) {
            MemorySegment slice = buffer.segment().asSlice(16, 16);
            assertThat(slice.byteSize()).isEqualTo(16);
            assertThatThrownBy(() -> slice.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(() -> slice.fill((byte) 1)).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(() -> MemorySegment.copy(slice, 0, MemorySegment.ofArray(new byte[16]), 0, 16))
                    .isInstanceOf(WrongThreadException.class);
        }
    }

    @Test
    void memoryIsZeroedAndComesToAnEnd() {
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS);
                Buffer host = gpu.allocateHost("host", 4096)) {
            Buffer half = gpu.allocate("weights", 4096);
            gpu.stream(StreamRole.COMPUTE).download(half.segment(), host.segment());
            gpu.stream(StreamRole.COMPUTE).join();
            assertThat(host.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            failsWith(EngineException.Kind.PLACEMENT, "KV cache", () -> gpu.allocate("KV cache", 4097));
            assertThat(ledger.bytes(Tier.GPU)).isEqualTo(4096);
            half.close();
            gpu.allocate("KV cache", 8192).close();
            assertThat(gpu.statistics().peakBytes()).isEqualTo(8192);
        }
    }

    @Test
    void theLedgersCapIsKept() {
        ledger.cap(Tier.GPU, 4096);
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS)) {
            failsWith(EngineException.Kind.PLACEMENT, "--gpu-memory", () -> gpu.allocate("weights", 4097));
            assertThat(gpu.statistics().peakBytes()).isZero();
        }
    }

    @Test
    void pageLockedMemoryIsLimitedToo() {
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS.withHostBytes(1000));
                Buffer ring = gpu.allocateHost("ring", 600)) {
            assertThat(ring.tier()).isEqualTo(Tier.HOST);
            assertThat(ring.segment().address() % 4096).isZero();
            failsWith(EngineException.Kind.PLACEMENT, "ring", () -> gpu.allocateHost("ring", 401));
            gpu.allocateHost("ring", 400).close();
            gpu.allocateHost("ring", 400).close();
        }
    }

    @Test
    void copiesTakeTheirTime() {
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS.withRates(1_000_000, 2_000_000));
                Buffer host = gpu.allocateHost("host", 1000);
                Buffer device = gpu.allocate("weights", 1000)) {
            gpu.stream(StreamRole.WEIGHTS_IN).upload(host.segment(), device.segment());
            gpu.stream(StreamRole.WEIGHTS_IN).join();
            assertThat(gpu.statistics().nanos()).isEqualTo(1_000_000);
            gpu.stream(StreamRole.ACTIVATIONS_OUT).download(device.segment(), host.segment());
            gpu.stream(StreamRole.ACTIVATIONS_OUT).join();
            assertThat(gpu.statistics().nanos()).isEqualTo(1_500_000);
            assertThat(gpu.statistics().of(StreamRole.WEIGHTS_IN))
                    .isEqualTo(new Statistics.Traffic(1000, 0, 1_000_000));
            assertThat(gpu.statistics().of(StreamRole.ACTIVATIONS_OUT))
                    .isEqualTo(new Statistics.Traffic(0, 1000, 500_000));
        }
    }

    @Test
    void lanesShareABusAndOperationsDoNotWaitForIt() {
        FakeGpuSettings settings = SETTINGS.withRates(1_000_000, 1_000_000).withOperationNanos(100_000);
        try (FakeGpu gpu = new FakeGpu(ledger, settings);
                Buffer host = gpu.allocateHost("host", 2000);
                Buffer device = gpu.allocate("weights", 2000);
                Buffer rows = gpu.allocate("rows", 64)) {
            MemorySegment from = host.segment();
            MemorySegment to = device.segment();
            gpu.stream(StreamRole.WEIGHTS_IN).upload(from.asSlice(0, 1000), to.asSlice(0, 1000));
            gpu.stream(StreamRole.ACTIVATIONS_IN).upload(from.asSlice(1000), to.asSlice(1000));
            for (int i = 0; i < 15; i++) {
                gpu.ops().activate(Activation.RELU, new Rows(rows.segment(), 1, 16));
            }
            gpu.stream(StreamRole.WEIGHTS_IN).join();
            gpu.stream(StreamRole.ACTIVATIONS_IN).join();
            gpu.stream(StreamRole.COMPUTE).join();
            assertThat(gpu.statistics().nanos()).isBetween(2_000_000L, 2_100_000L);
            assertThat(gpu.statistics().of(StreamRole.COMPUTE).busyNanos()).isEqualTo(1_500_000);
        }
    }

    @Test
    void joinsAndPageableCopiesAreCounted() {
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS);
                Buffer pageable = new HostMemory(ledger).allocate("mapped", 64);
                Buffer locked = gpu.allocateHost("ring", 64);
                Buffer device = gpu.allocate("weights", 64);
                Event event = gpu.event()) {
            Stream stream = gpu.stream(StreamRole.WEIGHTS_IN);
            stream.upload(locked.segment(), device.segment());
            stream.upload(locked.segment().asSlice(8, 8), device.segment().asSlice(0, 8));
            stream.record(event);
            event.join();
            assertThat(gpu.statistics().pageableCopies()).isZero();
            assertThat(gpu.statistics().streamJoins()).isZero();
            assertThat(gpu.statistics().openEvents()).isEqualTo(1);
            stream.upload(pageable.segment(), device.segment());
            stream.join();
            assertThat(gpu.statistics().pageableCopies()).isEqualTo(1);
            assertThat(gpu.statistics().streamJoins()).isEqualTo(1);
        }
    }

    @Test
    void whatACallWasGivenBesideMemoryIsReadWhenItReturns() {
        for (long seed = 0; seed < 20; seed++) {
            try (FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(8192, seed));
                    Buffer host = gpu.allocateHost("host", 16);
                    Buffer device = gpu.allocate("memory", 1024)) {
                MemorySegment memory = device.segment();
                host.segment().copyFrom(MemorySegment.ofArray(new float[] {10, 11, 12, 13}));
                gpu.stream(StreamRole.COMPUTE).upload(host.segment(), memory.asSlice(0, 16));
                int[] indices = {2};
                Rows row = new Rows(memory.asSlice(256, 4), 1, 1);
                gpu.ops().embed(new Matrix(Encoding.F32, 4, 1, memory.asSlice(0, 16)), indices, row);
                indices[0] = 0;
                List<MemorySegment> keys = new ArrayList<>(List.of(memory.asSlice(512, 4)));
                List<MemorySegment> values = new ArrayList<>(List.of(memory.asSlice(768, 4)));
                KvView cache = new KvView(Encoding.F32, 1, 1, 1, keys, values);
                gpu.ops().append(row, row, List.of(new KvSequence(cache, 0, 1)));
                keys.clear();
                values.clear();
                gpu.stream(StreamRole.COMPUTE)
                        .download(memory.asSlice(768, 4), host.segment().asSlice(0, 4));
                gpu.stream(StreamRole.COMPUTE).join();
                assertThat(host.segment().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(12);
            }
        }
    }

    @Test
    void argumentsThatCannotBeRightAreRefusedAtOnce() {
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS);
                FakeGpu other = new FakeGpu(ledger, SETTINGS);
                Buffer host = gpu.allocateHost("host", 64);
                Buffer device = gpu.allocate("memory", 64);
                Event event = other.event()) {
            MemorySegment here = device.segment();
            Stream stream = gpu.stream(StreamRole.COMPUTE);
            refused("host memory", () -> stream.upload(here, here));
            refused("host memory", () -> stream.upload(MemorySegment.ofArray(new byte[64]), here));
            refused("not in this GPU", () -> stream.upload(host.segment(), host.segment()));
            refused("64 bytes to 32", () -> stream.upload(host.segment(), here.asSlice(0, 32)));
            refused("onto itself", () -> stream.copy(here.asSlice(0, 32), here.asSlice(16, 32)));
            refused("another device", () -> stream.record(event));
            Rows rows = new Rows(here.asSlice(0, 16), 2, 2);
            Rows narrow = new Rows(here.asSlice(16, 8), 2, 1);
            Matrix square = new Matrix(Encoding.F32, 2, 2, here.asSlice(32, 16));
            refused("not in this GPU", () -> gpu.ops().add(new Rows(host.segment(), 2, 2), rows));
            refused("width", () -> gpu.ops().add(narrow, rows));
            refused("inputs", () -> gpu.ops().up(new Linear(square, null), narrow, rows));
            refused("outputs", () -> gpu.ops().down(square, rows, narrow));
            refused("row 2", () -> gpu.ops().embed(square, new int[] {0, 2}, rows));
            KvView cache =
                    new KvView(Encoding.F32, 1, 2, 2, List.of(here.asSlice(0, 16)), List.of(here.asSlice(32, 16)));
            List<KvSequence> sequences = List.of(new KvSequence(cache, 1, 2));
            refused("positions 1 to 3", () -> gpu.ops().append(rows, rows, sequences));
            refused("positions 1 to 3", () -> gpu.ops().attend(rows, sequences, 1, rows));
            List<KvSequence> fewer = List.of(new KvSequence(cache, 0, 1));
            refused("rows of sequences", () -> gpu.ops().append(rows, rows, fewer));
            refused("rows of sequences", () -> gpu.ops().attend(rows, fewer, 1, rows));
            stream.join();
        }
    }

    @Test
    void anAllocationFailsOnRequestAndTheNextSucceeds() {
        Faults faults = call -> Faults.nth(Faults.Kind.ALLOCATION, 2).hit(call)
                || Faults.nth(Faults.Kind.HOST_ALLOCATION, 1).hit(call);
        try (FakeGpu gpu = new FakeGpu(ledger, SETTINGS.withFaults(faults));
                Buffer first = gpu.allocate("weights", 16)) {
            failsWith(EngineException.Kind.PLACEMENT, "KV cache", () -> gpu.allocate("KV cache", 16));
            failsWith(EngineException.Kind.PLACEMENT, "ring", () -> gpu.allocateHost("ring", 16));
            gpu.allocate("KV cache", 16).close();
            gpu.allocateHost("ring", 16).close();
            assertThat(ledger.bytes(Tier.GPU)).isEqualTo(first.segment().byteSize());
        }
    }

    @Test
    void aFailedCopyOrOperationSurfacesWhereItIsWaitedForAndInEveryLaterCall() {
        for (Faults faults : List.of(
                Faults.nth(Faults.Kind.UPLOAD, 2), Faults.nth(Faults.Kind.DOWNLOAD, 1), Faults.operation("activate"))) {
            for (long seed = 0; seed < 20; seed++) {
                FakeGpuSettings settings = FakeGpuSettings.of(8192, seed).withFaults(faults);
                try (FakeGpu gpu = new FakeGpu(ledger, settings);
                        Buffer host = gpu.allocateHost("host", 64);
                        Buffer device = gpu.allocate("memory", 64);
                        Event event = gpu.event()) {
                    Stream stream = gpu.stream(StreamRole.COMPUTE);
                    Rows rows = new Rows(device.segment(), 4, 4);
                    failsWith(EngineException.Kind.DEVICE, "was to fail", () -> {
                        stream.upload(host.segment(), device.segment());
                        stream.upload(host.segment(), device.segment());
                        gpu.ops().activate(Activation.RELU, rows);
                        stream.download(device.segment(), host.segment());
                        stream.record(event);
                        event.join();
                    });
                    for (ThrowingCallable later : List.<ThrowingCallable>of(
                            event::join,
                            stream::join,
                            gpu::event,
                            () -> stream.record(event),
                            () -> stream.await(event),
                            () -> stream.zero(device.segment()),
                            () -> gpu.stream(StreamRole.WEIGHTS_IN).upload(host.segment(), device.segment()),
                            () -> gpu.ops().activate(Activation.RELU, rows),
                            () -> gpu.allocate("more", 16),
                            () -> gpu.allocateHost("more", 16))) {
                        failsWith(EngineException.Kind.DEVICE, "was to fail", later);
                    }
                }
                assertThat(ledger.report()).isEmpty();
            }
        }
    }

    @Test
    void memoryFreedBeforeItsWorkIsDoneFailsTheWork() {
        for (long seed = 0; seed < 20; seed++) {
            FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(8192, seed));
            Buffer device = gpu.allocate("memory", 64);
            for (int i = 0; i < 200; i++) {
                gpu.ops().activate(Activation.RELU, new Rows(device.segment(), 4, 4));
            }
            device.close();
            assertThatThrownBy(gpu::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("nobody waited")
                    .hasRootCauseMessage("Already closed");
        }
    }

    @Test
    void closingFinishesWhatWasAskedFor() {
        try (Buffer host = new HostMemory(ledger).allocate("host", 64)) {
            host.segment().fill((byte) 1);
            FakeGpu gpu = new FakeGpu(ledger, SETTINGS);
            Buffer device = gpu.allocate("memory", 64);
            gpu.stream(StreamRole.COMPUTE).download(device.segment(), host.segment());
            gpu.stream(StreamRole.COMPUTE).join();
            device.close();
            gpu.close();
            assertThat(host.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThatThrownBy(gpu::event).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void memoryThatOutlivesTheGpuIsAMistake() {
        FakeGpu gpu = new FakeGpu(ledger, SETTINGS);
        Buffer device = gpu.allocate("memory", 64);
        gpu.close();
        assertThatThrownBy(device::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("still needed");
        assertThat(ledger.report()).isEqualTo("GPU memory: 64");
        ledger.leave(Tier.GPU, "memory", 64);
    }

    private static void refused(String part, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(part);
    }

    private static void failsWith(EngineException.Kind kind, String part, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(part);
    }
}
