package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.plan.DraftPrices;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Depths that are chosen for machines and drafts that are played by lot: time is added up, not taken. */
class DraftDepthTest {

    /** A model and a draft whose times are known. A plain step takes 1. */
    private static final class Play {
        final DraftDepth depth;
        final Random coins = new Random(4);
        final List<Integer> depths = new ArrayList<>();
        double perRow = 0.02;
        double draft = 0.05;
        double read;
        double guessed = 1;
        double seconds;
        int tokens;
        int behind;

        Play(@Nullable DraftPrices predicted) {
            depth = new DraftDepth(predicted);
        }

        /** Replies until so many tokens are written. */
        void write(int count, double right) {
            for (int end = tokens + count; tokens < end; ) {
                int wanted = depth.choose(behind);
                int drafted = wanted > 0 && coins.nextDouble() < guessed ? wanted : 0;
                depths.add(drafted);
                if (wanted > 0) {
                    draft(drafted);
                }
                double taken = 1 + drafted * perRow;
                depth.stepped(1 + drafted, taken);
                seconds += taken;
                int accepted = 0;
                while (accepted < drafted && coins.nextDouble() < right) {
                    accepted++;
                }
                if (drafted > 0) {
                    depth.verified(drafted, accepted);
                }
                tokens += 1 + accepted;
                behind += drafted == 0 && read > 0 ? 1 : 0;
            }
        }

        private void draft(int drafted) {
            if (behind > 0) {
                depth.read(behind, behind * read);
                seconds += behind * read;
                behind = 0;
            }
            depth.drafted(drafted, drafted * draft);
            seconds += drafted * draft;
        }

        double rate() {
            return tokens / seconds;
        }
    }

    @ParameterizedTest
    @CsvSource({"0.8, 0.02, 0.05", "0.95, 0.02, 0.05", "0.6, 0.02, 0.05", "0.8, 0.1, 0.1", "0.9, 0.05, 0.3"})
    void repliesComeNearlyAsFastAsWithTheBestDepth(double right, double perRow, double draft) {
        Play play = new Play(null);
        play.perRow = perRow;
        play.draft = draft;
        play.write(4000, right);
        List<Double> steps = new ArrayList<>();
        for (int drafted = 0; drafted <= DraftDepth.MOST; drafted++) {
            steps.add(1 + drafted * perRow);
        }
        double best =
                new DraftPrices(steps, draft).best(Acceptance.assumed(right)).tokensPerSecond();
        assertThat(play.rate()).isGreaterThan(0.9 * best);
    }

    @ParameterizedTest
    @CsvSource({"0.0, 0.0", "0.02, 0.05", "0.2, 0.5", "0.02, 1.2"})
    void draftsThatAreWrongAreGivenUpWithinTwentyTokens(double perRow, double draft) {
        for (int before : new int[] {0, 500}) {
            Play play = new Play(null);
            play.perRow = perRow;
            play.draft = draft;
            play.write(before, 1);
            int from = play.depths.size();
            play.write(60, 0);
            assertThat(play.depths.subList(from + 20, from + 36))
                    .as("after %s tokens", before)
                    .containsOnly(0);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.3})
    void whatDoesNotPayCostsLittle(double right) {
        for (double draft : new double[] {0.02, 0.4, 2}) {
            for (double read : new double[] {0, 0.01, 0.2}) {
                Play play = new Play(null);
                play.perRow = 0.35;
                play.draft = draft;
                play.read = read;
                play.write(100, right);
                double secondsBefore = play.seconds;
                int tokensBefore = play.tokens;
                play.write(4000, right);
                double times = (play.seconds - secondsBefore) / (play.tokens - tokensBefore);
                assertThat(times)
                        .as("a token, drafts of %s, reading of %s", draft, read)
                        .isLessThan(1.03);
            }
        }
    }

    @Test
    void draftsThatAreRightAgainAreTakenUpAgain() {
        Play play = new Play(null);
        play.write(200, 0);
        assertThat(play.depths.getLast()).isZero();
        play.write(400, 0.9);
        int from = play.depths.size();
        play.write(400, 0.9);
        assertThat(Collections.frequency(play.depths.subList(from, play.depths.size()), 0))
                .as("but for steps that are compared with")
                .isLessThan((play.depths.size() - from) / 10 + 2);
    }

    @Test
    void aDrafterThatWouldHaveToReadMuchIsLeftAlone() {
        Play play = new Play(null);
        play.read = 0.2; // a fifth of a step for each token that it missed: more than a try may ever cost
        play.write(100, 0);
        int from = play.depths.size();
        play.write(2000, 0);
        assertThat(play.depths.subList(from, play.depths.size())).containsOnly(0);
    }

    @Test
    void aGuessHereAndThereIsUsedWhenItComes() {
        Play play = new Play(null);
        play.guessed = 0.3;
        play.draft = 0;
        play.write(1000, 0.8);
        assertThat(play.rate()).isGreaterThan(1.3);
    }

    @Test
    void aStepThatWasSlowAtFirstIsNotComparedWithForEver() {
        Play play = new Play(null);
        play.depth.stepped(1, 10); // code that was not compiled yet
        play.perRow = 0.5;
        play.draft = 0.5;
        play.write(60, 0.1);
        play.write(40, 0.1);
        assertThat(play.depths.getLast()).isZero();
    }

    @Test
    void whatIsPredictedSaysWhichDepthIsWorthTrying() {
        List<Double> steps = new ArrayList<>(List.of(1.0));
        for (int drafted = 1; drafted <= DraftDepth.MOST; drafted++) {
            steps.add(1.5); // other kernels, whose time does not depend on the rows
        }
        DraftDepth knowing = depths(new DraftPrices(steps, 0));
        DraftDepth guessing = depths(null);
        assertThat(knowing.choose(0)).isGreaterThan(2 * guessing.choose(0));
    }

    /** After some steps of four rows, mostly right. */
    private static DraftDepth depths(@Nullable DraftPrices predicted) {
        DraftDepth depth = new DraftDepth(predicted);
        depth.stepped(1, 1);
        for (int i = 0; i < 6; i++) {
            int drafted = Math.min(3, depth.choose(0));
            depth.drafted(drafted, drafted * 0.01);
            depth.stepped(4, 1.5);
            depth.verified(3, i % 2 == 0 ? 0 : 3);
        }
        return depth;
    }
}
