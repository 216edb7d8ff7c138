package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryReaderTest {

    @Test
    void everyByteIsRead() {
        byte[] bytes = new byte[4 * MemoryReader.STEP + 7];
        new Random(1).nextBytes(bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length, 64);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
            for (int from : new int[] {0, 3, 7}) {
                for (int steps = 0; steps < 5; steps++) {
                    int expected = 0;
                    for (int at = 0; at < steps * MemoryReader.STEP; at += 4) {
                        expected ^= memory.get(ValueLayout.JAVA_INT_UNALIGNED, from + at);
                    }
                    assertThat(MemoryReader.read(memory, from, steps * MemoryReader.STEP))
                            .isEqualTo(expected);
                }
            }
        }
    }
}
