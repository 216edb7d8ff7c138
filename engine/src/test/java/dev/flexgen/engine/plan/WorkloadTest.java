package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Catalogue;
import dev.flexgen.engine.exec.FootprintMeter;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.WeightEncodings;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkloadTest {

    private static final ModelSpec SPEC =
            PublishedModels.spec(Catalogue.load().find("opt-1.3b").orElseThrow());
    private static final List<DeviceShape> DEVICES = List.of(DeviceShape.gpu(1), DeviceShape.PROCESSOR);
    private static final CostModel PRICES = new CostModel(
            ShippedProfiles.find("t4").orElseThrow(),
            List.of(Tier.GPU, Tier.HOST),
            new ModelShape(SPEC, Encoding.F16, Encoding.F16, KvEncoding.F16, 1, Optional.empty()));
    private static final Plan PLAN = Plan.onOneDevice(SPEC, Tier.GPU, 0);

    private static Footprint footprint(Workload workload) {
        return new FootprintMeter(
                        WeightEncodings.asStored(new UniformTypes(SPEC, DType.F16, false)),
                        DEVICES,
                        KvEncoding.F16,
                        workload)
                .of(PLAN);
    }

    private static double step(Footprint footprint, Step step) {
        return PRICES.step(PLAN, footprint, step).seconds();
    }

    @Test
    void aConversationCostsItsNextToken() {
        Workload talk = Workload.conversation(1000, 2);
        Footprint footprint = footprint(talk);
        assertThat(talk.seconds(PRICES, PLAN, footprint)).isEqualTo(step(footprint, Step.verify(500, 2)));
        assertThat(talk.stepTokens()).isEqualTo(512);
        assertThat(Workload.conversation(100, 0).stepTokens()).isEqualTo(100);
    }

    @Test
    void shortPromptsOfAJobShareSteps() {
        Workload job = Workload.job(544, 8, 32, 2048);
        Footprint footprint = footprint(job);
        double reading = 2 * step(footprint, new Step(4, 512, 0));
        double writing = 32 * step(footprint, new Step(8, 1, 528));
        assertThat(job.seconds(PRICES, PLAN, footprint)).isCloseTo(reading + writing, within(1e-9));
    }

    @Test
    void longOnesTakeSeveral() {
        Workload job = Workload.job(1056, 2, 32, 512);
        Footprint footprint = footprint(job);
        double reading = 4 * step(footprint, new Step(1, 512, 256));
        double writing = 32 * step(footprint, new Step(2, 1, 1040));
        assertThat(job.seconds(PRICES, PLAN, footprint)).isCloseTo(reading + writing, within(1e-9));
    }

    @Test
    void largerStepsTakeMoreOfTheGpu() {
        long small = footprint(Workload.job(544, 8, 32, 512)).gpuPeaks().getFirst();
        long large = footprint(Workload.job(544, 8, 32, 2048)).gpuPeaks().getFirst();
        long rows = (2048 - 512) * 4L;
        assertThat(large - small).isGreaterThanOrEqualTo(rows * (2L * SPEC.width() + 8L * SPEC.width()));
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(() -> Workload.job(32, 8, 33, 512)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Workload.job(32, 0, 1, 512)).isInstanceOf(IllegalArgumentException.class);
    }
}
