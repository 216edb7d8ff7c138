package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.GoldenTable.Cell;
import dev.flexgen.engine.GoldenTable.Column;
import dev.flexgen.engine.device.cuda.TestGpus;
import dev.flexgen.engine.memory.Tier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every golden model on a real GPU, by the planner's plan. With {@code -Dflexgen.writeDocs=true} the results go to docs/GOLDEN.md. */
@Tag("gpu")
class CudaGoldenTableTest {

    private static final long GPU_BYTES = 1400L << 20;

    @Test
    void everyModelRunsOnTheGpu() {
        GoldenTable table = GoldenTable.read();
        EngineOptions options =
                EngineOptions.defaults().withKv(KvType.F32).withLimits(new MemoryLimits(GPU_BYTES, 0, null));
        for (String model : Fixtures.models().toList()) {
            try (OpenModel engine = OpenModel.open(Fixtures.golden(model), options, TestGpus.source())) {
                assertThat(engine.plan().tiers()).as(model).containsExactly(Tier.GPU);
                Cell cell = Cell.of(engine, model);
                table.put(model, Column.CUDA, cell);
                if (model.contains("f32")) {
                    assertThat(cell.equal()).as("%s: %s", model, cell).isEqualTo(cell.ids());
                    assertThat(cell.error()).as(model).isLessThan(2e-3);
                }
            }
        }
        if (Boolean.getBoolean("flexgen.writeDocs")) {
            table.write();
        }
    }
}
