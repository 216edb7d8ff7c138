package dev.flexgen.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SmallBuffersTest {

    private static final long UNIT = 4096;

    private final Ledger ledger = new Ledger();
    private final SmallBuffers small = new SmallBuffers(() -> new HostMemory(ledger).allocate("units", UNIT));

    private long units() {
        return ledger.bytes(Tier.HOST) / UNIT;
    }

    @Test
    void neighboursShareAUnitWithoutOverlap() {
        List<Buffer.Memory> buffers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            buffers.add(small.take(500));
        }
        assertThat(units()).isEqualTo(2);
        long last = 0;
        for (Buffer.Memory buffer : buffers) {
            assertThat(buffer.segment().byteSize()).isEqualTo(500);
            assertThat(buffer.segment().address() % 512).isZero();
            assertThat(buffer.segment().address()).isNotEqualTo(last);
            last = buffer.segment().address();
        }
        buffers.forEach(buffer -> buffer.release().run());
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void roomIsNotUsedAgainWhileANeighbourStays() {
        Buffer.Memory first = small.take(2000);
        Buffer.Memory second = small.take(1000);
        first.release().run();
        Buffer.Memory third = small.take(2000);
        assertThat(units()).isEqualTo(2);
        second.release().run();
        assertThat(units()).isEqualTo(1);
        third.release().run();
        assertThat(units()).isZero();
        small.take(UNIT).release().run();
        assertThat(units()).isZero();
    }
}
