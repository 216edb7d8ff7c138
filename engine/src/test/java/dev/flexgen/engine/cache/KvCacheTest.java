package dev.flexgen.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.cache.KvLayout.Slot;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.KvEncoding;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KvCacheTest {

    private static final int DIM = 4;
    private static final int HEADS = 3;

    private final Ledger ledger = new Ledger();
    private final Device device = new CpuDevice(ledger, new WorkerPool(1));

    /** Two layers; the second is cut in two. */
    private final KvLayout layout = new KvLayout(
            KvEncoding.F32,
            DIM,
            List.of(List.of(new Slot(device, HEADS)), List.of(new Slot(device, 1), new Slot(device, HEADS - 1))));

    private final KvStaging staging = new KvStaging(layout, 512);

    /** Of all layers. */
    private static final long PAGE_BYTES = 2L * 2 * HEADS * DIM * 4 * KvPage.TOKENS;

    @AfterEach
    void nothingIsLeft() {
        device.close();
        assertThat(ledger.report()).isEmpty();
    }

    /** Appends tokens whose every number tells token, layer and slot. */
    private static void append(KvCache cache, int tokens, int mark) {
        cache.reserve(tokens);
        for (int t = cache.length(); t < cache.length() + tokens; t++) {
            write(cache, t, mark + t);
        }
        cache.advance(tokens);
    }

    private static void write(KvCache cache, int position, float value) {
        for (int[] slot : new int[][] {{0, 0}, {1, 0}, {1, 1}}) {
            KvView view = cache.view(slot[0], slot[1]);
            for (int head = 0; head < view.heads(); head++) {
                long offset = view.offset(head, position);
                view.keys().get(view.block(position)).set(ValueLayout.JAVA_FLOAT, offset, value + slot[0]);
                view.values().get(view.block(position)).set(ValueLayout.JAVA_FLOAT, offset, -value - slot[1]);
            }
        }
    }

    private static void assertHolds(KvCache cache, int from, int to, int mark) {
        for (int t = from; t < to; t++) {
            for (int[] slot : new int[][] {{0, 0}, {1, 0}, {1, 1}}) {
                KvView view = cache.view(slot[0], slot[1]);
                for (int head = 0; head < view.heads(); head++) {
                    long offset = view.offset(head, t);
                    assertThat(view.keys().get(view.block(t)).get(ValueLayout.JAVA_FLOAT, offset))
                            .isEqualTo(mark + t + slot[0]);
                    assertThat(view.values().get(view.block(t)).get(ValueLayout.JAVA_FLOAT, offset))
                            .isEqualTo(-mark - t - slot[1]);
                }
            }
        }
    }

    @Test
    void whatIsAppendedStaysAsTheCacheGrows() {
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            append(cache, 1, 1000);
            append(cache, 200, 1000);
            append(cache, 63, 1000);
            assertThat(cache.length()).isEqualTo(264);
            assertHolds(cache, 0, 264, 1000);
        }
    }

    @Test
    void memoryGrowsByPagesAndShrinksWithTruncation() {
        long page = PAGE_BYTES;
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            assertThat(ledger.bytes(Tier.HOST)).isZero();
            append(cache, 64, 0);
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(page);
            append(cache, 65, 0);
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(3 * page);
            cache.truncate(128);
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(2 * page);
            cache.truncate(0);
            assertThat(ledger.bytes(Tier.HOST)).isZero();
        }
    }

    @Test
    void roomThatIsKeptIsTakenAtOnceAndStaysUntilTheCacheIsClosed() {
        try (KvCache cache = new KvCache(layout, staging, 130)) {
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(3 * PAGE_BYTES);
            append(cache, 192, 0);
            assertHolds(cache, 0, 192, 0);
            append(cache, 1, 0);
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(4 * PAGE_BYTES);
            cache.truncate(0);
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(3 * PAGE_BYTES);
        }
        assertThat(ledger.bytes(Tier.HOST)).isZero();
    }

    @Test
    void pagesOfManyLayersDoNotOverlap() {
        KvLayout deep = new KvLayout(KvEncoding.F32, DIM, Collections.nCopies(10, List.of(new Slot(device, HEADS))));
        try (KvCache cache = new KvCache(deep, staging, 100)) {
            cache.reserve(100);
            for (int layer = 0; layer < 10; layer++) {
                cache.view(layer, 0).keys().get(1).fill((byte) (2 * layer));
                cache.view(layer, 0).values().get(1).fill((byte) (2 * layer + 1));
            }
            for (int layer = 0; layer < 10; layer++) {
                assertThat(cache.view(layer, 0).keys().get(1).get(ValueLayout.JAVA_BYTE, 0))
                        .isEqualTo((byte) (2 * layer));
                assertThat(cache.view(layer, 0).values().get(1).get(ValueLayout.JAVA_BYTE, 0))
                        .isEqualTo((byte) (2 * layer + 1));
            }
        }
    }

    @Test
    void truncationKeepsTheBeginning() {
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            append(cache, 150, 0);
            cache.truncate(70);
            append(cache, 50, 500);
            assertThat(cache.length()).isEqualTo(120);
            assertHolds(cache, 0, 70, 0);
            assertHolds(cache, 70, 120, 500);
        }
    }

    @Test
    void aStepThatDoesNotAdvanceLeavesNoTrace() {
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            append(cache, 10, 0);
            cache.reserve(100);
            assertThat(cache.length()).isEqualTo(10);
            append(cache, 5, 0);
            assertHolds(cache, 0, 15, 0);
            cache.truncate(15);
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(PAGE_BYTES);
        }
    }

    @Test
    void forksShareFullPagesAndPartOnWriting() {
        long page = PAGE_BYTES;
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            append(cache, 100, 0);
            try (KvCache fork = cache.fork()) {
                assertThat(ledger.bytes(Tier.HOST)).isEqualTo(2 * page);
                append(fork, 10, 700);
                append(cache, 20, 0);
                assertThat(ledger.bytes(Tier.HOST)).isEqualTo(3 * page);
                assertHolds(cache, 0, 120, 0);
                assertHolds(fork, 0, 100, 0);
                assertHolds(fork, 100, 110, 700);
            }
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(2 * page);
            assertHolds(cache, 0, 120, 0);
        }
    }

    @Test
    void aForkOutlivesItsOrigin() {
        KvCache cache = new KvCache(layout, staging, 0);
        append(cache, 130, 0);
        KvCache fork = cache.fork();
        cache.close();
        assertHolds(fork, 0, 130, 0);
        fork.close();
    }

    @Test
    void pagesThatAFailedStepReservedAreNotShared() {
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            cache.reserve(200);
            try (KvCache fork = cache.fork()) {
                append(cache, 200, 0);
                append(fork, 200, 700);
                assertHolds(cache, 0, 200, 0);
                assertHolds(fork, 0, 200, 700);
            }
        }
    }

    @Test
    void advancingPastTheRoomOrTruncatingUpwardsIsABug() {
        try (KvCache cache = new KvCache(layout, staging, 0)) {
            append(cache, 64, 0);
            assertThatThrownBy(() -> cache.advance(1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> cache.truncate(65)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cache.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
