package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScoreTest {

    @Test
    void sumsAllTokensButTheFirst() {
        var score = new Score(new int[] {2, 5, 9}, new double[] {Double.NaN, -1, -3});

        assertThat(score.sum()).isEqualTo(-4);
        assertThat(score.perplexity()).isCloseTo(Math.exp(2), within(1e-12));
        assertThat(score.json(7))
                .startsWith("{\"index\":7,\"ids\":[2,5,9],\"logprobs\":[null,-1.0,-3.0],"
                        + "\"sum_logprob\":-4.0,\"perplexity\":7.38");
    }

    @Test
    void aSingleTokenHasNoPerplexity() {
        assertThat(new Score(new int[] {2}, new double[] {Double.NaN}).json(0)).endsWith("\"perplexity\":null}");
    }
}
