package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.store.ModelPacker;
import dev.flexgen.engine.store.PackListener;
import dev.flexgen.engine.store.PackStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A packed model is opened as any other, and its source need not be there. */
class PackedModelTest {

    private static final String MODEL = "opt-f16";

    @TempDir
    Path folder;

    private Path pack(Encoding encoding) {
        return pack(Fixtures.golden(MODEL), encoding);
    }

    private Path pack(Path source, Encoding encoding) {
        return new ModelPacker(new PackStore(folder.resolve("store")), 2, PackListener.NONE, new CancelToken())
                .pack("key", "m", source, encoding)
                .folder();
    }

    private static GpuSource gpu(long seed) {
        FakeGpuSettings settings = FakeGpuSettings.of(64 << 20, seed);
        return () -> new GpuSource.Present("fake GPU", settings.bytes(), ledger -> new FakeGpu(ledger, settings));
    }

    private EngineOptions options() throws IOException {
        return EngineOptions.defaults()
                .withThreads(2)
                .withKv(KvType.F32)
                .withLimits(new MemoryLimits(64 << 20, 0, Files.createDirectories(folder.resolve("disk"))));
    }

    @Test
    void anyPlanReadsItsRowsFromOnePackedModel() throws IOException {
        Path packed = pack(Encoding.F16);
        RandomPlans plans = new RandomPlans(Families.read(packed), 5);
        int onDisk = 0;
        for (int round = 0; round < 12; round++) {
            Plan plan = round % 2 == 0 ? plans.withGpu() : plans.forProcessor();
            GpuSource gpus = round % 2 == 0 ? gpu(round) : GpuSource.NONE;
            try (OpenModel engine = OpenModel.open(packed, plan, options(), gpus)) {
                Continuations.assertGolden(engine, MODEL);
                assertThat(folder.resolve("disk")).isEmptyDirectory();
                assertThat(engine.model().heldBytes().get(Tier.DISK))
                        .isEqualTo(engine.model().footprint().bytes(Tier.DISK));
                onDisk += plan.tiers().contains(Tier.DISK) ? 1 : 0;
            }
        }
        assertThat(onDisk).isPositive();
    }

    /** Tensors that are fused in the checkpoint, and experts, in groups. */
    @ParameterizedTest
    @CsvSource({
        "bloom-f32, Q4", "bloom-f32, Q3",
        "codegen-f32, Q4", "codegen-f32, Q3",
        "glm-f32, Q4", "glm-f32, Q3",
        "mixtral-f32, Q4", "mixtral-f32, Q3",
        "zglm4moe-f32, Q4", "zglm4moe-f32, Q3"
    })
    void anyPlanPredictsAsWithoutPacking(String model, WeightType type) throws IOException {
        Path source = Fixtures.golden(model);
        Path packed = pack(source, type.encoding().orElseThrow());
        RandomPlans plans = new RandomPlans(Families.read(packed), 7);
        double[] direct = score(OpenModel.open(source, options().withWeights(type)), model);
        assertThat(score(OpenModel.open(packed, plans.withGpu(), options(), gpu(1)), model))
                .containsExactly(direct, within(1e-4));
        assertThat(score(OpenModel.open(packed, plans.forProcessor(), options(), GpuSource.NONE), model))
                .containsExactly(direct, within(1e-4));
    }

    private static double[] score(OpenModel opened, String model) {
        try (opened) {
            double[] all = opened.score(Expected.of(model).scoredIds(), new CancelToken());
            return Arrays.copyOfRange(all, 1, all.length); // nothing predicts the first
        }
    }

    @Test
    void anotherEncodingThanItsOwnIsRefused() throws IOException {
        Path packed = pack(Encoding.F16);
        assertThatThrownBy(() -> OpenModel.open(packed, options().withWeights(WeightType.Q8)))
                .hasMessage(
                        "The packed model holds weights in f16, not in q8; leave out --weights, or pack the model in"
                                + " q8");
        for (WeightType type : new WeightType[] {WeightType.AUTO, WeightType.NATIVE, WeightType.F16}) {
            OpenModel.open(packed, options().withWeights(type)).close();
        }
    }

    @Test
    void damageIsFoundWhenTheModelIsOpened() throws IOException {
        Path packed = pack(Encoding.F16);
        try (RandomAccessFile file =
                new RandomAccessFile(packed.resolve("weights.bin").toFile(), "rw")) {
            file.seek(file.length() / 2);
            file.write(file.read() ^ 1);
        }
        assertThatThrownBy(() -> OpenModel.open(packed, options()))
                .hasMessageContaining("is damaged: the checksum of ");
        assertThatThrownBy(() -> Model.check(packed)).hasMessageContaining("no ");
        try (Stream<Path> files = Files.list(packed)) {
            assertThat(files).anyMatch(file -> file.getFileName().toString().endsWith(".damaged"));
        }
    }
}
