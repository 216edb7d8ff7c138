package dev.flexgen.engine.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.device.fake.Faults;
import dev.flexgen.engine.memory.BlockFile;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.weights.ExpertsLayout.Piece;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Experts that cannot be read or copied: the next ones are brought as if nothing had happened, and all memory is given back. */
@Timeout(60)
class ExpertFetcherTest {

    private static final int BYTES = 1 << 16;
    private static final List<Piece> WHOLE = List.of(new Piece(0, BYTES));
    private static final List<Piece> HALVES = List.of(new Piece(0, BYTES / 2), new Piece(BYTES / 2, BYTES / 2));

    private final Ledger ledger = new Ledger();
    private final Set<Long> unreadable = ConcurrentHashMap.newKeySet();

    @AfterEach
    void everythingIsGivenBack() {
        assertThat(ledger.report()).isEmpty();
    }

    /** A file of experts, in which every byte of expert {@code i} is {@code i}. */
    private final class Disk implements BlockFile {

        WeightLocation expert(int i) {
            WeightLocation.Extent all = new WeightLocation.Extent(0, (long) i * BYTES, BYTES);
            return new WeightLocation.File(this, List.of(all), BYTES);
        }

        @Override
        public void read(long offset, MemorySegment target) {
            if (unreadable.contains(offset)) {
                throw new EngineException(EngineException.Kind.DEVICE, "The disk fails", null);
            }
            target.fill((byte) (offset / BYTES));
        }

        @Override
        public void close() {}
    }

    private static ExpertFetcher fetcher(FakeGpu gpu) {
        return new ExpertFetcher(gpu, BYTES, new WeightUploader(gpu, BYTES, new Activity()));
    }

    /** Takes the next expert; the byte that it is full of. */
    private static byte take(FakeGpu gpu, ExpertFetcher fetcher, MemorySegment slot) {
        try (Buffer back = gpu.allocateHost("test", BYTES)) {
            fetcher.take();
            gpu.stream(StreamRole.COMPUTE).download(slot, back.segment());
            fetcher.done();
            gpu.stream(StreamRole.COMPUTE).join();
            byte[] bytes = back.segment().toArray(ValueLayout.JAVA_BYTE);
            assertThat(bytes).containsOnly(bytes[0]);
            return bytes[0];
        }
    }

    @Test
    void aReadThatFailsTakesNoSlot() {
        Disk disk = new Disk();
        try (FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(1 << 20, 3));
                ExpertFetcher fetcher = fetcher(gpu)) {
            fetcher.begin();
            MemorySegment first = fetcher.ask(disk.expert(1), HALVES);
            unreadable.add(2L * BYTES + BYTES / 2); // its second half, when the first is on its way
            assertThatThrownBy(() -> fetcher.ask(disk.expert(2), HALVES)).hasMessage("The disk fails");
            MemorySegment third = fetcher.ask(disk.expert(3), HALVES);
            MemorySegment fourth = fetcher.ask(disk.expert(4), WHOLE);
            assertThat(fetcher.hasFreeSlot()).isFalse();
            assertThat(take(gpu, fetcher, first)).isEqualTo((byte) 1);
            assertThat(take(gpu, fetcher, third)).isEqualTo((byte) 3);
            assertThat(take(gpu, fetcher, fourth)).isEqualTo((byte) 4);
        }
    }

    @Test
    void whatALayerThatFailedHasLeftIsForgotten() {
        Disk disk = new Disk();
        try (FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(1 << 20, 4).withRates(1 << 20, 1 << 20));
                ExpertFetcher fetcher = fetcher(gpu)) {
            for (int layer = 0; layer < 5; layer++) {
                fetcher.begin();
                fetcher.ask(disk.expert(7), WHOLE);
                unreadable.add(8L * BYTES);
                assertThatThrownBy(() -> fetcher.ask(disk.expert(8), WHOLE)).hasMessage("The disk fails");
                unreadable.clear();

                fetcher.begin();
                for (int i = 0; i < ExpertFetcher.SLOTS; i++) {
                    assertThat(fetcher.hasFreeSlot()).isTrue();
                    MemorySegment slot = fetcher.ask(disk.expert(10 + i), WHOLE);
                    assertThat(take(gpu, fetcher, slot)).isEqualTo((byte) (10 + i));
                }
            }
        }
    }

    @Test
    void closingWaitsForCopiesThatAreUnderWay() {
        try (FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(1 << 20, 5).withRates(1 << 20, 1 << 20));
                Buffer host = gpu.allocateHost("weights", BYTES)) {
            WeightLocation pageLocked = new WeightLocation.Memory(Tier.HOST, host.segment(), true);
            ExpertFetcher fetcher = fetcher(gpu);
            fetcher.begin();
            fetcher.ask(pageLocked, WHOLE);
            fetcher.ask(new Disk().expert(2), HALVES);
            fetcher.close();
            // The fake GPU fails when memory is freed while a copy still needs it.
            assertThatCode(() -> gpu.stream(StreamRole.WEIGHTS_IN).join()).doesNotThrowAnyException();
        }
    }

    @Test
    void aGpuThatFailsCanBeClosed() {
        FakeGpuSettings settings = FakeGpuSettings.of(1 << 20, 6).withFaults(Faults.nth(Faults.Kind.UPLOAD, 2));
        try (FakeGpu gpu = new FakeGpu(ledger, settings)) {
            try (ExpertFetcher fetcher = fetcher(gpu)) {
                fetcher.begin();
                fetcher.ask(new Disk().expert(1), HALVES);
                assertThatThrownBy(() -> {
                            fetcher.take();
                            gpu.stream(StreamRole.COMPUTE).join();
                        })
                        .isInstanceOf(EngineException.class);
            }
        }
    }

    @Test
    void memoryThatIsRefusedLeavesNothingBehind() {
        for (Faults.Kind kind : new Faults.Kind[] {Faults.Kind.ALLOCATION, Faults.Kind.HOST_ALLOCATION}) {
            FakeGpuSettings settings = FakeGpuSettings.of(1 << 20, 7).withFaults(Faults.nth(kind, 1));
            try (FakeGpu gpu = new FakeGpu(ledger, settings)) {
                if (kind == Faults.Kind.HOST_ALLOCATION) {
                    assertThatThrownBy(() -> fetcher(gpu)).isInstanceOf(EngineException.class);
                } else {
                    try (WeightUploader uploader = new WeightUploader(gpu, BYTES, new Activity())) {
                        assertThatThrownBy(() -> new ExpertFetcher(gpu, BYTES, uploader))
                                .isInstanceOf(EngineException.class);
                    }
                }
                assertThat(gpu.statistics().openEvents()).isZero();
            }
        }
    }
}
