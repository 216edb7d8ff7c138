package dev.flexgen.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.EngineException;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {

    private static final SamplerOptions WARM = withTemperature(SamplerOptions.greedy(), 1);
    private static final int[] NO_CONTEXT = {};

    private static SamplerOptions withTemperature(SamplerOptions o, double value) {
        return new SamplerOptions(value, o.topK(), o.topP(), o.minP(), o.repetitionPenalty(), o.seed());
    }

    private static SamplerOptions withTopK(SamplerOptions o, int value) {
        return new SamplerOptions(o.temperature(), value, o.topP(), o.minP(), o.repetitionPenalty(), o.seed());
    }

    private static SamplerOptions withTopP(SamplerOptions o, double value) {
        return new SamplerOptions(o.temperature(), o.topK(), value, o.minP(), o.repetitionPenalty(), o.seed());
    }

    private static SamplerOptions withMinP(SamplerOptions o, double value) {
        return new SamplerOptions(o.temperature(), o.topK(), o.topP(), value, o.repetitionPenalty(), o.seed());
    }

    private static SamplerOptions withRepetitionPenalty(SamplerOptions o, double value) {
        return new SamplerOptions(o.temperature(), o.topK(), o.topP(), o.minP(), value, o.seed());
    }

    private static SamplerOptions withSeed(SamplerOptions o, long value) {
        return new SamplerOptions(o.temperature(), o.topK(), o.topP(), o.minP(), o.repetitionPenalty(), value);
    }

    /** Logits whose softmax is {@code probabilities}. */
    private static float[] logits(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.log(probabilities[i]);
        }
        return logits;
    }

    private static int next(SamplerOptions options, float... logits) {
        return new Sampler(options).next(logits, NO_CONTEXT, 0);
    }

    private static Set<Integer> drawn(SamplerOptions options, float... logits) {
        Sampler sampler = new Sampler(options);
        Set<Integer> ids = new TreeSet<>();
        for (int i = 0; i < 3000; i++) {
            ids.add(sampler.next(logits, NO_CONTEXT, 0));
        }
        return ids;
    }

    @Test
    void greedyTakesTheMostLikelyToken() {
        assertThat(next(SamplerOptions.greedy(), -3, 1, 7, 2)).isEqualTo(2);
    }

    @Test
    void greedyTakesTheLowestOfEquals() {
        assertThat(next(SamplerOptions.greedy(), 0, 5, 5, 5)).isEqualTo(1);
    }

    @Test
    void greedyPassesOverExcludedTokens() {
        assertThat(next(SamplerOptions.greedy(), Float.NEGATIVE_INFINITY, -1e30f))
                .isEqualTo(1);
    }

    @Test
    void aVeryLowTemperatureIsGreedy() {
        assertThat(drawn(withTemperature(WARM, 1e-300), 1, 2, 3)).containsExactly(2);
    }

    @Test
    void excludedTokensAreNeverDrawn() {
        assertThat(drawn(WARM, Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY, 0))
                .containsExactly(1, 3);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void logitsThatAreNoNumbersAreADamagedModel(float broken) {
        for (SamplerOptions options : new SamplerOptions[] {SamplerOptions.greedy(), WARM}) {
            assertThatThrownBy(() -> next(options, 1, broken, 2))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("its weights are damaged");
        }
    }

    @Test
    void excludingEveryTokenIsADamagedModel() {
        assertThatThrownBy(() -> next(WARM, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("no valid number");
    }

    @Test
    void aMillionDrawsFollowTheDistribution() {
        double[] probabilities = {0.5, 0.25, 0.125, 0.0625, 0.0625};
        float[] logits = logits(probabilities);
        Sampler sampler = new Sampler(withSeed(WARM, 1));
        int[] counts = new int[probabilities.length];
        for (int i = 0; i < 1_000_000; i++) {
            counts[sampler.next(logits, NO_CONTEXT, 0)]++;
        }
        for (int i = 0; i < counts.length; i++) {
            assertThat(counts[i] / 1e6).isCloseTo(probabilities[i], within(0.003));
        }
    }

    @Test
    void temperatureFlattensTheDistribution() {
        float[] logits = {0, (float) Math.log(4)};
        Sampler sampler = new Sampler(withTemperature(WARM, 2));
        int second = 0;
        for (int i = 0; i < 100_000; i++) {
            second += sampler.next(logits, NO_CONTEXT, 0);
        }
        assertThat(second / 1e5).isCloseTo(2 / 3.0, within(0.01));
    }

    @Test
    void aSeedRepeatsItsDraws() {
        float[] logits = new float[100];
        Sampler first = new Sampler(withSeed(WARM, 3));
        Sampler second = new Sampler(withSeed(WARM, 3));
        Sampler other = new Sampler(withSeed(WARM, 4));
        boolean differs = false;
        for (int i = 0; i < 100; i++) {
            int id = first.next(logits, NO_CONTEXT, 0);
            assertThat(second.next(logits, NO_CONTEXT, 0)).isEqualTo(id);
            differs |= other.next(logits, NO_CONTEXT, 0) != id;
        }
        assertThat(differs).isTrue();
    }

    @Test
    void topKKeepsTheMostLikely() {
        assertThat(drawn(withTopK(WARM, 2), logits(0.1, 0.3, 0.2, 0.4))).containsExactly(1, 3);
    }

    @Test
    void topKKeepsTheLowestOfEquals() {
        assertThat(drawn(withTopK(WARM, 2), 1, 1, 1, 1)).containsExactly(0, 1);
    }

    @Test
    void topKBeyondTheVocabularyKeepsAll() {
        assertThat(drawn(withTopK(WARM, 50), 1, 1, 1)).containsExactly(0, 1, 2);
    }

    @Test
    void topPKeepsTheFewestThatReachIt() {
        float[] logits = logits(0.125, 0.5, 0.25, 0.0625, 0.0625);
        assertThat(drawn(withTopP(WARM, 0.49), logits)).containsExactly(1);
        assertThat(drawn(withTopP(WARM, 0.51), logits)).containsExactly(1, 2);
        assertThat(drawn(withTopP(WARM, 0.74), logits)).containsExactly(1, 2);
        assertThat(drawn(withTopP(WARM, 0.76), logits)).containsExactly(0, 1, 2);
        assertThat(drawn(withTopP(WARM, 0.95), logits)).hasSize(5);
        assertThat(drawn(withTopP(WARM, 1e-9), logits)).containsExactly(1);
    }

    @Test
    void topPCutsAManyTokenDistributionAsDefined() {
        Random random = new Random(5);
        float[] logits = new float[2000];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (4 * random.nextGaussian());
        }
        for (double p : new double[] {0.1, 0.5, 0.9, 0.99}) {
            Set<Integer> nucleus = nucleus(logits, p);
            Sampler sampler = new Sampler(withTopP(WARM, p));
            for (int i = 0; i < 500; i++) {
                assertThat(nucleus).contains(sampler.next(logits, NO_CONTEXT, 0));
            }
            Candidates candidates = new Candidates(logits, 1);
            candidates.sort();
            double covered = 0;
            for (int i = 0; i < nucleus.size() - 1; i++) {
                covered += candidates.weight(i);
            }
            assertThat(covered).isLessThan(p * candidates.sum());
        }
    }

    private static Set<Integer> nucleus(float[] logits, double p) {
        Candidates all = new Candidates(logits, 1);
        double reached = 0;
        Set<Integer> ids = new TreeSet<>();
        while (reached < p * all.sum()) {
            int best = -1;
            for (int i = 0; i < logits.length; i++) {
                if (!ids.contains(i) && (best < 0 || logits[i] > logits[best])) {
                    best = i;
                }
            }
            ids.add(best);
            reached += all.weight(best);
        }
        return ids;
    }

    @Test
    void topPCountsOnlyWhatTopKLeft() {
        float[] logits = logits(0.4, 0.3, 0.2, 0.1);
        assertThat(drawn(withTopP(withTopK(WARM, 2), 0.5), logits)).containsExactly(0);
    }

    @Test
    void minPDropsTokensFarBelowTheBest() {
        float[] logits = logits(0.6, 0.29, 0.08, 0.03);
        assertThat(drawn(withMinP(WARM, 0.4), logits)).containsExactly(0, 1);
        assertThat(drawn(withMinP(WARM, 0.1), logits)).containsExactly(0, 1, 2);
    }

    @Test
    void thePenaltyMakesTokensOfTheContextLessLikelyOnce() {
        SamplerOptions options = withRepetitionPenalty(SamplerOptions.greedy(), 2);
        float[] logits = {4, 3, -1, -1.5f};
        int next = new Sampler(options).next(logits, new int[] {0, 2, 0, 1}, 3);
        assertThat(logits).containsExactly(2, 3, -2, -1.5f);
        assertThat(next).isEqualTo(1);
    }

    @Test
    void optionsOutOfRangeAreNamed() {
        assertRefused(o -> withTemperature(o, -0.1), "temperature is -0.1");
        assertRefused(o -> withTemperature(o, Double.NaN), "temperature is NaN");
        assertRefused(o -> withTemperature(o, Double.POSITIVE_INFINITY), "temperature is Infinity");
        assertRefused(o -> withTopK(o, -1), "top-k is -1; it must be 0 or more");
        assertRefused(o -> withTopP(o, 0), "top-p is 0");
        assertRefused(o -> withTopP(o, 1.01), "top-p is 1.01");
        assertRefused(o -> withMinP(o, 1), "min-p is 1");
        assertRefused(o -> withRepetitionPenalty(o, 0), "repetition-penalty is 0");
    }

    private static void assertRefused(UnaryOperator<SamplerOptions> change, String message) {
        assertThatThrownBy(() -> change.apply(SamplerOptions.greedy()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(message);
    }
}
