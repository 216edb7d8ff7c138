package dev.flexgen.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class HostPagesTest {

    private final HostPages pages = HostPages.ofThisSystem().orElseThrow();

    @Test
    void memoryIsZeroedAlignedAndGoneWithItsArena() {
        long bytes = (33L << 20) + 5;
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
            memory = pages.take(bytes, arena).orElseThrow();
            assertThat(memory.byteSize()).isEqualTo(bytes);
            assertThat(memory.address() % (2 << 20)).isZero();
            HostPages.touch(memory);
            for (long at = 0; at < bytes; at += 1021) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isZero();
            }
            memory.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 1);
        }
        assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void moreThanThereAreAddressesIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            assertThat(pages.take(1L << 50, arena)).isEmpty();
        }
    }
}
