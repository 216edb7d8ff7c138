package dev.flexgen.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.EngineException;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is allocated is accounted for. */
class LedgerTest {

    private final Ledger ledger = new Ledger();
    private final HostMemory memory = new HostMemory(ledger);

    @Test
    void buffersAreEnteredUntilTheyAreClosed() {
        try (Buffer weights = memory.allocate("weights", 100);
                Buffer cache = memory.allocate("cache", 28)) {
            assertThat(weights.tier()).isEqualTo(Tier.HOST);
            assertThat(cache.segment().byteSize()).isEqualTo(28);
            assertThat(ledger.bytes()).isEqualTo(Map.of(Tier.HOST, 128L, Tier.GPU, 0L, Tier.DISK, 0L));
        }
        assertThat(ledger.bytes(Tier.HOST)).isZero();
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void hostMemoryIsZeroedAndAligned() {
        try (Buffer buffer = memory.allocate("weights", 1000)) {
            assertThat(buffer.segment().address() % 64).isZero();
            for (long i = 0; i < 1000; i++) {
                assertThat(buffer.segment().get(ValueLayout.JAVA_BYTE, i)).isZero();
            }
        }
    }

    @Test
    void closingTwiceGivesBackOnce() {
        Buffer buffer = memory.allocate("weights", 100);
        Buffer other = memory.allocate("weights", 11);
        buffer.close();
        buffer.close();
        assertThat(ledger.bytes(Tier.HOST)).isEqualTo(11);
        other.close();
    }

    @Test
    void theReportNamesTheLargestOwnersFirst() {
        ledger.enter(Tier.HOST, "cache", 1);
        ledger.enter(Tier.HOST, "weights", 7);
        ledger.enter(Tier.GPU, "weights", 3);
        assertThat(ledger.report()).isEqualTo("GPU weights: 3\nHOST weights: 7\nHOST cache: 1");
    }

    @Test
    void givingBackMoreThanIsHeldIsABug() {
        ledger.enter(Tier.HOST, "weights", 7);
        assertThatThrownBy(() -> ledger.leave(Tier.HOST, "weights", 8))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("weights gave back more HOST memory than it held");
    }

    @Test
    void memoryThatNoMachineHasIsAPlacementError() {
        assertThatThrownBy(() -> memory.allocate("weights", 1L << 60))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("Host memory is exhausted: weights needs 1099511627776 MiB more");
        assertThat(ledger.report()).isEmpty();
    }
}
