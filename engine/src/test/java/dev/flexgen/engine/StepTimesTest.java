package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.tensor.DType;
import org.junit.jupiter.api.Test;

class StepTimesTest {

    private final StepTimes times = new StepTimes(1);

    @Test
    void nothingIsSaidOfWhatWasNotSeen() {
        assertThat(times.ofOne()).isEmpty();
        assertThat(times.ofPrompt(40, 512)).isEmpty();
        times.learn(1, 0.1);
        assertThat(times.ofPrompt(40, 512)).isEmpty();
        assertThat(times.ofPrompt(1, 512)).hasValue(0.1);
    }

    @Test
    void aPromptCostsItsStepsOfWhichEachHasABaseAndAPartForEachToken() {
        times.learn(40, 1 + 0.1 * 40);
        times.learn(128, 1 + 0.1 * 128);
        times.learn(200, 1 + 0.1 * 200);
        assertThat(times.ofPrompt(100, 512).getAsDouble()).isEqualTo(11, within(1e-9));
        assertThat(times.ofPrompt(1024, 512).getAsDouble()).isEqualTo(2 + 0.1 * 1024, within(1e-9));
    }

    @Test
    void manyTokensAreTakenSoManyAtATime() {
        StepTimes inSixteens = new StepTimes(16);
        inSixteens.learn(20, 1 + 0.1 * 32);
        inSixteens.learn(32, 1 + 0.1 * 32);
        inSixteens.learn(63, 1 + 0.1 * 64);
        assertThat(inSixteens.ofPrompt(17, 512).getAsDouble()).isEqualTo(4.2, within(1e-9));
        assertThat(inSixteens.ofPrompt(32, 512).getAsDouble()).isEqualTo(4.2, within(1e-9));
        assertThat(inSixteens.ofPrompt(33, 512).getAsDouble()).isEqualTo(5.8, within(1e-9));
        inSixteens.learn(4, 3);
        inSixteens.learn(8, 5);
        assertThat(inSixteens.ofPrompt(6, 512).getAsDouble()).isEqualTo(4, within(1e-9)); // few are taken one by one
    }

    @Test
    void stepsOfOneSizeAreSplitAtWhatIsUsualOrWhatATokenTakes() {
        times.learn(1, 1);
        times.learn(128, 3.2 + 12.8);
        times.learn(128, 3.2 + 12.8);
        assertThat(times.ofPrompt(256, 512).getAsDouble()).isEqualTo(3.2 + 25.6, within(1e-9));
        assertThat(times.ofPrompt(9, 512).getAsDouble()).isBetween(1.0, 3.2 + 1.7);
        times.learn(1, 5);
        times.learn(1, 5);
        assertThat(times.ofPrompt(256, 512).getAsDouble()).isEqualTo(5 + 2 * 11, within(1e-9));
    }

    @Test
    void shortStepsSayLittleOfLongOnes() {
        times.learn(17, 2.4);
        assertThat(times.know(8, 512)).isFalse();
        times.learn(5, 1);
        assertThat(times.know(8, 512)).isTrue();
        assertThat(times.know(1, 512)).isFalse();
        assertThat(times.know(30, 512)).isTrue();
        assertThat(times.know(166, 512)).isFalse();
        times.learn(128, 4);
        assertThat(times.know(166, 512)).isTrue();
        assertThat(times.know(2000, 512)).isTrue();
    }

    @Test
    void theStepMostLikeAnotherIsTheOneThatDiffersByTheLeastFactor() {
        assertThat(times.mostLike(10, 512)).isEmpty();
        times.learn(1, 0.1);
        times.learn(5, 1);
        times.learn(64, 4);
        assertThat(times.mostLike(2, 512)).hasValue(1);
        assertThat(times.mostLike(12, 512)).hasValue(5);
        assertThat(times.mostLike(1400, 512)).hasValue(64);
    }

    @Test
    void fewTokensAreAnotherKindOfStep() {
        times.learn(128, 12.8);
        times.learn(4, 3);
        times.learn(8, 5);
        assertThat(times.ofPrompt(6, 512).getAsDouble()).isEqualTo(4, within(1e-9));
    }

    @Test
    void aPromptThatWasHeldUpDoesNotSpoilTheNext() {
        times.learn(64, 1 + 6.4);
        times.learn(128, 1 + 12.8);
        times.learn(256, 600);
        times.learn(200, 1 + 20);
        times.learn(512, 1 + 51.2);
        assertThat(times.ofPrompt(300, 512).getAsDouble()).isEqualTo(1 + 30, within(0.5));
    }

    @Test
    void stepsOfNearlyTheSameSizeHaveNoSlope() {
        times.learn(2, 1);
        times.learn(3, 1.3);
        times.learn(3, 1.3);
        assertThat(times.ofPrompt(16, 512).getAsDouble()).isLessThan(8);
    }

    @Test
    void theLatestStepsCountAndOneThatWasDisturbedDoesNot() {
        for (int i = 0; i < 20; i++) {
            times.learn(1, 9);
        }
        for (int i = 0; i < 11; i++) {
            times.learn(1, 2);
        }
        times.learn(1, 50);
        assertThat(times.ofOne()).hasValue(2);
    }

    @Test
    void aModelKnowsAfterItsFirstReplyWhatAnotherWillTakeAndWhatItHasRead() {
        try (OpenModel engine = OpenModel.random(
                        Specs.tiny(700),
                        new RandomWeights(DType.F16, 1, 0),
                        EngineOptions.defaults().withThreads(1),
                        GpuSource.NONE);
                Session session = engine.session()) {
            assertThat(engine.model().secondsToWrite()).isEmpty();
            int[] prompt = new int[60];
            session.prefill(prompt, new CancelToken(), ProgressListener.NONE);
            assertThat(engine.model().secondsToRead(60).getAsDouble()).isPositive();
            int[] longer = new int[100];
            assertThat(session.known(longer)).isEqualTo(60);
            session.readAhead(new int[80], () -> true, new CancelToken());
            assertThat(session.known(longer)).isEqualTo(80);
            longer[10] = 1;
            assertThat(session.known(longer)).isEqualTo(10);
        }
    }
}
