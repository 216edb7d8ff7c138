package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupUpMemoryTest {

    /** Bytes that a block may have: of an H100 half a multiprocessor's, so that two blocks share one. */
    @ParameterizedTest
    @CsvSource({"75, 65536", "80, 166912", "86, 101376", "89, 101376", "90, 115712", "100, 115712", "120, 101376"})
    void everyBlockFitsTheGpu(int capability, int most) {
        for (Encoding encoding : Encoding.ALL) {
            if (encoding instanceof Grouped grouped) {
                for (int tokens = 1; tokens <= (capability < 80 ? 8 : 16); tokens++) {
                    int kernel = tokens <= 4 ? 4 : tokens <= 8 ? 8 : 16;
                    for (int groups = 1; groups < 1000; groups++) {
                        var memory = GroupUpMemory.of(capability, grouped, groups, tokens, kernel);
                        assertThat(memory.bytes())
                                .isLessThanOrEqualTo(GroupUpMemory.mostBytes(capability, grouped, kernel))
                                .isLessThanOrEqualTo(most);
                        assertThat(memory.room() / tokens)
                                .as("groups staged at a time")
                                .isGreaterThanOrEqualTo(8);
                    }
                }
            }
        }
    }

    @Test
    void oneTokensInputIsStagedOnceForTheWidthsOfLargeModels() {
        Grouped q4 = (Grouped) Encoding.Q4;
        assertThat(GroupUpMemory.of(90, q4, 4096 / 64, 1, 4).whole()).isTrue();
        assertThat(GroupUpMemory.of(90, q4, 12288 / 64, 1, 4).whole()).isTrue();
        assertThat(GroupUpMemory.of(90, q4, 49152 / 64, 1, 4).whole()).isFalse();
        assertThat(GroupUpMemory.of(75, q4, 4096 / 64, 1, 4).whole()).isTrue();
    }
}
