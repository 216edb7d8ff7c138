package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineOptionsTest {

    private static final int CORES = Runtime.getRuntime().availableProcessors();

    @Test
    void aQuarterOfTheCoresIsLeftToOthersBesideAGpu() {
        EngineOptions options = EngineOptions.defaults();
        assertThat(options.workers()).isEqualTo(CORES);
        assertThat(options.workers(false)).isEqualTo(CORES);
        assertThat(options.workers(true)).isEqualTo(CORES - CORES / 4).isPositive();
    }

    @Test
    void aNumberThatIsSaidHolds() {
        EngineOptions options = EngineOptions.defaults().withThreads(5);
        assertThat(options.workers(true)).isEqualTo(5);
        assertThat(options.workers(false)).isEqualTo(5);
    }
}
