package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.engine.GoldenTable.Cell;
import dev.flexgen.engine.GoldenTable.Column;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.model.Families;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/GOLDEN.md says of the processor and the simulated GPU is so. */
class GoldenTableTest {

    private static final long GPU_BYTES = 64 << 20;

    private static final int PLANS = Boolean.getBoolean("flexgen.full") ? 20 : 2;

    /** Logits differ a little by the width of a processor's vectors, and the more plans there are. */
    private static final double MOST_TIMES = 4;

    @TempDir
    Path disk;

    private EngineOptions options() {
        return EngineOptions.defaults()
                .withThreads(2)
                .withKv(KvType.F32)
                .withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
    }

    private Cell onProcessor(String model) {
        try (OpenModel engine = OpenModel.open(Fixtures.golden(model), options())) {
            return Cell.of(engine, model);
        }
    }

    private Cell onSimulatedGpu(String model) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(model)), 17);
        @Nullable Cell worst = null;
        for (int round = 0; round < PLANS; round++) {
            FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, round);
            GpuSource gpu = () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
            try (OpenModel engine = OpenModel.open(Fixtures.golden(model), plans.withGpu(), options(), gpu)) {
                Cell cell = Cell.of(engine, model);
                worst = worst == null ? cell : worst.worst(cell);
            }
        }
        return Objects.requireNonNull(worst, "no plans");
    }

    @Test
    void whatIsWrittenIsSo() {
        boolean writes = Boolean.getBoolean("flexgen.writeDocs");
        GoldenTable table = GoldenTable.read();
        assumeThat(Files.exists(Path.of("..", "docs")))
                .as("the documents lie in the source tree")
                .isTrue();
        for (String model : Fixtures.models().toList()) {
            Cell processor = onProcessor(model);
            Cell gpu = onSimulatedGpu(model);
            if (writes) {
                table.put(model, Column.PROCESSOR, processor);
                table.put(model, Column.SIMULATED_GPU, gpu);
            } else {
                check(table, model, Column.PROCESSOR, processor);
                check(table, model, Column.SIMULATED_GPU, gpu);
            }
        }
        if (writes) {
            table.write();
        } else {
            assertThat(table.models())
                    .containsExactlyElementsOf(Fixtures.models().toList());
        }
    }

    private static void check(GoldenTable table, String model, Column column, Cell measured) {
        String what = model + ", " + column + ": docs/GOLDEN.md is old; run this test with -Dflexgen.writeDocs=true";
        assertThat(table.text(model, column)).as(what).isNotEqualTo("not run");
        Cell written = Cell.parse(table.text(model, column));
        assertThat(measured.error()).as(what).isLessThanOrEqualTo(MOST_TIMES * written.error());
        assertThat(measured.equal()).as(what).isEqualTo(written.equal());
        assertThat(measured.ids()).as(what).isEqualTo(written.ids());
        assertThat(measured.error()).isLessThan(2e-4);
        assertThat(measured.equal()).isEqualTo(measured.ids());
    }
}
