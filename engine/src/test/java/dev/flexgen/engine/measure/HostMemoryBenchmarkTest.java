package dev.flexgen.engine.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.device.cpu.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostMemoryBenchmarkTest {

    private static final int PIECES = 5;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aRateIsThatOfNoMoreThreadsThanThereAre(int threads) {
        try (WorkerPool pool = new WorkerPool(threads);
                Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate((long) PIECES * HostMemoryBenchmark.PIECE, 64);
            HostMemoryBenchmark best = HostMemoryBenchmark.readRate(pool, memory);
            assertThat(best.threads()).isBetween((threads + 1) / 2, threads);
            assertThat(best.hostReadBytesPerSecond()).isPositive().isFinite();
        }
    }

    @Test
    void everyPieceIsRead() {
        for (int piece = 0; piece < PIECES; piece++) {
            try (WorkerPool pool = new WorkerPool(2);
                    Arena arena = Arena.ofShared()) {
                MemorySegment memory = arena.allocate((long) PIECES * HostMemoryBenchmark.PIECE, 64);
                memory.set(ValueLayout.JAVA_BYTE, (piece + 1L) * HostMemoryBenchmark.PIECE - 1, (byte) 1);
                assertThatThrownBy(() -> HostMemoryBenchmark.readRate(pool, memory))
                        .isInstanceOf(IllegalStateException.class);
            }
        }
    }
}
