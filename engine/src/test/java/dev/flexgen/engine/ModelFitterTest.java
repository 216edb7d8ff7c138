package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.FitResult.Fits;
import dev.flexgen.engine.FitResult.Refused;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.GpuSource.Absence;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.device.fake.Faults;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.plan.TestMachines;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is said of models before they are here is what the planner will do when they are. */
class ModelFitterTest {

    private static final long GIB = 1L << 30;
    private static final long MIB = 1L << 20;
    private static final Path DISK = Path.of("/nonexistent");

    /** A GPU of a desktop machine behind a bus of 16 lanes. */
    private static final MachineProfile RATES = TestMachines.gpu(800e9, 25e9, 40e9, 20e9, 30e9);

    private final List<Ledger> ledgers = new ArrayList<>();

    private GpuSource fake(FakeGpuSettings settings) {
        return () -> new GpuSource.Present("fake GPU", settings.bytes(), ledger -> {
            ledgers.add(ledger);
            return new FakeGpu(ledger, settings);
        });
    }

    private static CatalogueEntry entry(String name) {
        return Catalogue.load().find(name).orElseThrow();
    }

    private static EngineOptions limits(long gpu, long host, @Nullable Path disk) {
        return EngineOptions.defaults().withThreads(2).withLimits(new MemoryLimits(gpu, host, disk));
    }

    private static ModelFitter fitter(
            EngineOptions options, Found found, Budget budget, Optional<MachineProfile> profile) {
        return new ModelFitter(new MachineState(found, budget, profile), options.model());
    }

    private static ModelFitter measured(EngineOptions options, GpuSource gpus) {
        return new ModelFitter(Machine.state(options, gpus, Measuring.ROUGHLY, Machine.Rates.KNOWN), options.model());
    }

    private static ModelFitter looked(EngineOptions options, GpuSource gpus) {
        return new ModelFitter(Machine.state(options, gpus, Measuring.ROUGHLY, Machine.Rates.SAVED), options.model());
    }

    private static ModelFitter desktop(boolean disk) {
        return fitter(
                EngineOptions.defaults(),
                new Found.WithGpus("desktop GPU"),
                new Budget(List.of(new Budget.Gpu(15 * GIB, 2 * MIB)), 60 * GIB, disk),
                Optional.of(RATES));
    }

    @Test
    void aModelThatFitsTheGpuLiesThereAndIsAsFastAsItsMemory() {
        FitResult forecast = desktop(false).fit(entry("opt-6.7b"));
        assertThat(forecast).isInstanceOfSatisfying(Fits.class, fits -> {
            assertThat(fits.tiers()).containsExactly(Tier.GPU);
            // 13.3 GB, of which a token needs a tenth of the last third of each layer, and half a GiB of keys and
            // values.
            assertThat(rate(fits)).isCloseTo(800 / (13.3 - 0.9 * 4.3 + 0.5), within(1.0));
            // 6.66 thousand million weights of two bytes, and a GiB for 2048 tokens of 32 layers, 4096 wide.
            assertThat(fits.bytes()).isBetween(2 * 6_658_473_984L + GIB, 2 * 6_658_473_984L + GIB + 64 * MIB);
        });
    }

    @Test
    void aLargerOneSharesGpuAndHostMemoryAndIsAsFastAsTheBusAndTheProcessorTogether() {
        FitResult forecast = desktop(false).fit(entry("opt-30b"));
        assertThat(forecast).isInstanceOfSatisfying(Fits.class, fits -> {
            assertThat(fits.tiers()).containsExactlyInAnyOrder(Tier.GPU, Tier.HOST);
            // About 46 of 60 GB lie in host memory, of which neurons that are silent need not be read; 20 GB/s over the
            // bus
            // beside a processor's 24 of 30.
            assertThat(rate(fits)).isBetween(1.0, 1.8);
        });
    }

    private static double rate(Fits fits) {
        return fits.estimate().orElseThrow().decodeTokensPerSecond();
    }

    @Test
    void whatNeedsADiskThatWasNotMeasuredIsAGuess() {
        assertThat(desktop(true).fit(entry("opt-66b"))).isInstanceOfSatisfying(Fits.class, fits -> {
            assertThat(fits.fromDisk()).isTrue();
            assertThat(fits.estimate().orElseThrow().diskAssumed()).isTrue();
        });
        ModelFitter measured = fitter(
                EngineOptions.defaults(),
                new Found.WithGpus("desktop GPU"),
                new Budget(List.of(new Budget.Gpu(15 * GIB, 2 * MIB)), 30 * GIB, true),
                Optional.of(TestMachines.withDisk(RATES, 2e9)));
        assertThat(measured.with(ModelOptions.DEFAULTS.withWeights(WeightType.F16))
                        .fit(entry("opt-66b")))
                .isInstanceOfSatisfying(Fits.class, fits -> {
                    assertThat(fits.estimate().orElseThrow().diskAssumed()).isFalse();
                    // About 90 GB of 131 are read from the disk for each token.
                    assertThat(rate(fits)).isCloseTo(2 / 90.0, within(0.005));
                });
    }

    @Test
    void withoutADiskItIsRefusedWithTheSentenceOfTheChat() {
        assertThat(desktop(false).fit(entry("opt-66b"))).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.kind()).isEqualTo(EngineException.Kind.PLACEMENT);
            assertThat(refused.sentence()).contains("60.0 GiB of host memory", "--disk-dir DIR");
        });
    }

    @Test
    void aContextThatTheModelDoesNotKnowIsRefusedAsInTheChat() {
        ModelFitter outlook = fitter(
                EngineOptions.defaults().withContext(4096),
                desktop(false).state().found(),
                desktop(false).state().budget(),
                Optional.empty());
        assertThat(outlook.fit(entry("opt-125m"))).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.kind()).isEqualTo(EngineException.Kind.INPUT);
            assertThat(refused.sentence()).contains("context is 4096", "2048 positions");
        });
    }

    @Test
    void aShorterContextLeavesRoom() {
        ModelFitter full = fitter(
                EngineOptions.defaults(),
                new Found.ProcessorAlone(""),
                new Budget(List.of(), 13 * GIB + 256 * MIB, false),
                Optional.empty());
        ModelFitter shorter = fitter(
                EngineOptions.defaults().withContext(256),
                full.state().found(),
                full.state().budget(),
                Optional.empty());
        assertThat(fitter(
                                EngineOptions.defaults().withContext(2048),
                                full.state().found(),
                                full.state().budget(),
                                Optional.empty())
                        .fit(entry("opt-6.7b")))
                .isInstanceOf(Refused.class);
        assertThat(full.fit(entry("opt-6.7b")))
                .as("chosen so short that it fits")
                .isInstanceOf(Fits.class);
        assertThat(shorter.fit(entry("opt-6.7b"))).isInstanceOf(Fits.class);
    }

    @Test
    void aProcessorAloneReadsTheWholeModelFromHostMemory() {
        ModelFitter outlook = fitter(
                EngineOptions.defaults(),
                new Found.ProcessorAlone(""),
                new Budget(List.of(), 20 * GIB, false),
                Optional.of(TestMachines.processor(40e9)));
        assertThat(outlook.fit(entry("opt-1.3b"))).isInstanceOfSatisfying(Fits.class, fits -> {
            assertThat(fits.tiers()).containsExactly(Tier.HOST);
            // 2.62 GB, of which a token needs a tenth of the last third of each layer, and 0.2 GB of keys and values.
            assertThat(rate(fits)).isCloseTo(40 / (2.62 - 0.75 * 0.8 + 0.2), within(2.0));
        });
        assertThat(outlook.fit(entry("opt-13b"))).isInstanceOf(Refused.class);
        ModelFitter disk = outlook.with(new Budget(List.of(), 20 * GIB, true));
        assertThat(disk.fit(entry("opt-13b")))
                .isInstanceOfSatisfying(
                        Fits.class,
                        fits -> assertThat(fits.estimate().orElseThrow().diskAssumed())
                                .isTrue());
    }

    @Test
    void measuringOpensTheGpuWithinTheLimitsAndGivesEverythingBack() {
        ModelFitter outlook = measured(limits(96 * MIB, 512 * MIB, null), fake(FakeGpuSettings.of(GIB, 1)));

        assertThat(outlook.state().found()).isInstanceOfSatisfying(Found.WithGpus.class, gpu -> {
            assertThat(gpu.names()).isEqualTo("fake GPU");
            MachineProfile its = outlook.state().profile().orElseThrow();
            assertThat(its.gpus().getFirst().bus().upload()).isPositive();
        });
        assertThat(outlook.state().profile().orElseThrow().host().read()).isPositive();
        assertThat(outlook.state().budget().gpus().getFirst().bytes()).isEqualTo(96 * MIB);
        assertThat(outlook.state().budget().hostBytes()).isLessThanOrEqualTo(512 * MIB);
        assertThat(ledgers).hasSize(1).allSatisfy(ledger -> {
            assertThat(ledger.report()).isEmpty();
            assertThat(ledger.peak(Tier.GPU)).isPositive().isLessThanOrEqualTo(96 * MIB);
            assertThat(ledger.peak(Tier.HOST)).isLessThanOrEqualTo(512 * MIB);
        });
    }

    @Test
    void lookingMeasuresNothing() {
        ModelFitter outlook = looked(limits(0, 0, DISK), fake(FakeGpuSettings.of(GIB, 1)));

        assertThat(outlook.state().found()).isEqualTo(new Found.WithGpus("fake GPU"));
        assertThat(outlook.state().profile()).isEmpty();
        assertThat(outlook.state().budget().gpus().getFirst().bytes())
                .as("a part stays free")
                .isEqualTo(GIB - 256 * MIB);
        assertThat(outlook.state().budget().disk()).isTrue();
        assertThat(ledgers.getFirst().peak(Tier.HOST)).isZero();
        assertThat(outlook.fit(entry("opt-125m"))).isInstanceOfSatisfying(Fits.class, fits -> {
            assertThat(fits.tiers()).containsExactly(Tier.GPU);
            assertThat(fits.estimate()).isEmpty();
        });
    }

    @Test
    void theEngineThenPlacesTheModelAsWasSaid() {
        CatalogueEntry small = entry("opt-125m");
        EngineOptions options = limits(200 * MIB, 0, null).withContext(64);
        GpuSource card = fake(FakeGpuSettings.of(GIB, 1));
        FitResult forecast = looked(options, card).fit(small);
        try (OpenModel engine =
                OpenModel.random(PublishedModels.spec(small), new RandomWeights(DType.F16, 1, 0), options, card)) {
            assertThat(forecast)
                    .isInstanceOfSatisfying(
                            Fits.class,
                            fits -> assertThat(fits.tiers())
                                    .isEqualTo(engine.plan().tiers())
                                    .containsExactlyInAnyOrder(Tier.GPU, Tier.HOST));
        }
    }

    @Test
    void aLimitBeyondTheCardIsTheCard() {
        EngineOptions options = limits(1000 * GIB, 0, null);
        FakeGpuSettings card = FakeGpuSettings.of(64 * MIB, 1);
        assertThat(looked(options, fake(card))
                        .state()
                        .budget()
                        .gpus()
                        .getFirst()
                        .bytes())
                .isEqualTo(64 * MIB);

        try (OpenModel engine = OpenModel.open(Fixtures.golden("opt-f32"), options, fake(card))) {
            assertThat(engine.ledger().cap(Tier.GPU)).as("as in the chat").isEqualTo(64 * MIB);
        }
    }

    @Test
    void aGpuTooSmallToMeasureInRefusesModelsInThePlannersWords() {
        ModelFitter outlook = measured(limits(20_000, 0, null), fake(FakeGpuSettings.of(GIB, 1)));

        assertThat(outlook.state().found()).isEqualTo(new Found.WithGpus("fake GPU"));
        assertThat(outlook.fit(entry("opt-125m")))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.sentence())
                                .contains("The GPU has 19.5 KiB left for this model", "--gpu-memory"));
    }

    @Test
    void aGpuThatCannotBeUsedLeavesTheProcessorAndTheReason() {
        GpuSource broken = () -> new GpuSource.Absent("the driver is too old", Absence.UNUSABLE);
        ModelFitter outlook = looked(limits(0, GIB, null), broken);

        assertThat(outlook.state().found()).isEqualTo(new Found.ProcessorAlone("the driver is too old"));
        assertThat(outlook.fit(entry("opt-125m")))
                .isInstanceOfSatisfying(
                        Fits.class, fits -> assertThat(fits.tiers()).containsExactly(Tier.HOST));
        assertThat(outlook.fit(entry("opt-1.3b"))).isInstanceOf(Refused.class);
    }

    @Test
    void settingsThatForbidTheGpuAreTheReason() {
        ModelFitter outlook = looked(limits(0, 0, null).withDevice(DeviceChoice.CPU), () -> {
            throw new AssertionError("looked for in vain");
        });
        assertThat(outlook.state().found()).isEqualTo(new Found.ProcessorAlone("the settings say --device cpu"));
    }

    @Test
    void aGpuThatIsDemandedAndMissingRefusesEveryModelAsTheChatDoes() {
        GpuSource broken = () -> new GpuSource.Absent("the driver is too old", Absence.UNUSABLE);
        ModelFitter outlook = measured(limits(0, 0, null).withDevice(DeviceChoice.CUDA), broken);

        assertThat(outlook.fit(entry("opt-125m")))
                .isEqualTo(new Refused(
                        EngineException.Kind.DEVICE,
                        "No GPU can be used: the driver is too old; use --device cpu to do without"));
    }

    @Test
    void aGpuThatFailsWhileItIsMeasuredIsPartOfTheProfile() {
        FakeGpuSettings failing = FakeGpuSettings.of(GIB, 1).withFaults(Faults.nth(Faults.Kind.COPY, 3));
        ModelFitter outlook = measured(limits(0, GIB, null), fake(failing));

        assertThat(outlook.state().found())
                .isInstanceOfSatisfying(
                        Found.Nobody.class, nobody -> assertThat(nobody.kind()).isEqualTo(EngineException.Kind.DEVICE));
        assertThat(ledgers.getFirst().report()).isEmpty();
    }

    @Test
    void whatIsPackedRunsFromTheDiskThatItIsOn() {
        MachineState state = new MachineState(
                new Found.ProcessorAlone(""),
                new Budget(List.of(), 5 * GIB, false),
                Optional.of(TestMachines.withDisk(TestMachines.processor(20e9), 1e9)));
        ModelOptions auto = ModelOptions.DEFAULTS.withWeights(WeightType.AUTO);

        Fits packed = (Fits) new ModelFitter(state, auto).fit(entry("opt-13b"));

        assertThat(packed.fromDisk()).isTrue();
        assertThat(packed.weights()).isEqualTo(WeightType.Q4);
        assertThat(packed.estimate().orElseThrow().decodeTokensPerSecond()).isBetween(0.1, 1.0);
        assertThat(((Fits) new ModelFitter(state, auto).fit(entry("opt-6.7b"))).fromDisk())
                .as("what fits memory stays there")
                .isFalse();
        assertThat(new ModelFitter(state, auto.withWeights(WeightType.NATIVE)).fit(entry("opt-13b")))
                .as("only what is encoded is packed")
                .isInstanceOf(Refused.class);
        assertThat(new ModelFitter(state, auto.withContext(4096)).fit(entry("opt-13b")))
                .as("a disk mends no mistake")
                .isInstanceOfSatisfying(
                        Refused.class, it -> assertThat(it.kind()).isEqualTo(EngineException.Kind.INPUT));
    }
}
