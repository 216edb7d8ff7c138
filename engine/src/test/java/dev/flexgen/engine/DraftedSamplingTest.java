package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Sampled replies have the same distribution with drafts as without: a chi-square test over thousands of them with other seeds. */
class DraftedSamplingTest {

    private static final int[] PROMPT = {2, 5, 9, 5, 9, 5};
    private static final int REPLIES = 4000;
    private static final int TOKENS = 4;

    /** Too rare to be compared: they are counted together. */
    private static final int LEAST = 20;

    /** Of the normal distribution: a right program fails once in a thousand choices of seeds; these seeds are fixed. */
    private static final double QUANTILE = 3.09;

    /** Always drafts the same reply: sometimes right, sometimes not. */
    private record Fixed(int[] reply) implements Drafter {
        @Override
        public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
            int from = Math.min(length - PROMPT.length, reply.length);
            return Arrays.copyOfRange(reply, from, Math.min(reply.length, from + most));
        }

        @Override
        public void close() {}
    }

    @Test
    void theDistributionIsThatOfPlainSampling() {
        try (OpenModel engine = OpenModel.open(
                        Fixtures.golden("opt-f32"), EngineOptions.defaults().withThreads(1));
                Session session = engine.session()) {
            Fixed likeliest = new Fixed(reply(session, SamplerOptions.greedy(), null));
            Map<String, int[]> counts = new TreeMap<>();
            long drafted = 0;
            long accepted = 0;
            for (int i = 0; i < REPLIES; i++) {
                count(counts, 0, reply(session, sampling(i), null));
                try (Speculation speculation = new Speculation(likeliest)) {
                    count(counts, 1, reply(session, sampling(REPLIES + i), speculation));
                    drafted += speculation.drafted();
                    accepted += speculation.accepted();
                }
            }
            assertThat(accepted).as("accepted of %d", drafted).isBetween(drafted / 20, drafted * 19 / 20);
            assertThat(drafted).isGreaterThan(REPLIES / 2);
            compare(counts);
        }
    }

    private static SamplerOptions sampling(long seed) {
        return new SamplerOptions(1.5, 3, 1, 0, 1, seed);
    }

    private static int[] reply(Session session, SamplerOptions sampling, @Nullable Speculation drafts) {
        session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
        var request = new GenerationRequest(TOKENS, sampling, Set.of());
        return session.generate(request, new CancelToken(), _ -> TokenListener.Verdict.CONTINUE, drafts)
                .ids();
    }

    private static void count(Map<String, int[]> counts, int column, int[] reply) {
        counts.computeIfAbsent(Arrays.toString(reply), _ -> new int[2])[column]++;
    }

    private static void compare(Map<String, int[]> counts) {
        int[] rare = new int[2];
        double chiSquare = 0;
        int cells = 0;
        for (int[] pair : counts.values()) {
            if (pair[0] + pair[1] < LEAST) {
                rare[0] += pair[0];
                rare[1] += pair[1];
            } else {
                chiSquare += difference(pair);
                cells++;
            }
        }
        if (rare[0] + rare[1] >= LEAST) {
            chiSquare += difference(rare);
            cells++;
        }
        int freedom = cells - 1;
        double spread = 2.0 / (9 * freedom);
        double limit = freedom * Math.pow(1 - spread + QUANTILE * Math.sqrt(spread), 3); // Wilson and Hilferty
        assertThat(freedom).isGreaterThan(20);
        assertThat(chiSquare).as("chi-square of %d degrees of freedom", freedom).isBetween(0.0, limit);
    }

    /** Of two samples of one size. */
    private static double difference(int[] pair) {
        double difference = pair[0] - pair[1];
        return difference * difference / (pair[0] + pair[1]);
    }
}
