package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ThroughputEstimate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlacedTest {

    @Test
    void aModelInHostMemoryNeedsNoWord() {
        assertThat(Placed.lines(Map.of(Tier.HOST, 5L << 30), Optional::empty, List.of(), "CPU, 2 threads"))
                .isEmpty();
    }

    @Test
    void aSpilledModelIsToldWithWhatToExpect() {
        Map<Tier, Long> held = Map.of(Tier.GPU, 15L << 30, Tier.HOST, 40L << 30, Tier.DISK, 3L << 30);
        ThroughputEstimate prediction =
                new ThroughputEstimate(2.4, "the bus to the GPU: 21.0 GiB a token at 54 GB/s", false);
        assertThat(Placed.lines(held, () -> Optional.of(prediction), List.of(), "A GPU and CPU, 2 threads"))
                .containsExactly(
                        "15.0 GiB of GPU memory, 40.0 GiB of host memory, 3.0 GiB of disk, computed by A GPU and CPU,"
                                + " 2 threads; about 2.4 tok/s, bound by the bus to the GPU: 21.0 GiB a token at 54 GB/s");
    }

    @Test
    void notesAreLinesOfTheirOwn() {
        assertThat(Placed.lines(Map.of(), Optional::empty, List.of("one", "two"), "CPU"))
                .containsExactly("one", "two");
    }
}
