package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;

/** How many operations a device has to begin in half a layer: each costs time however little it computes. */
record OperationCount(ModelShape model, List<Tier> tiers) {

    /** Operations of half a layer: norm, two products, what is between and behind them. */
    private static final int STARTS = 5;

    /** More for each further shard of heads or neurons that a device has in it. */
    private static final int STARTS_PER_SHARD = 2;

    /** More for experts that are computed together: neurons, down projections, sums. */
    private static final int STARTS_TOGETHER = 3;

    /** More for each expert that is computed alone: rows, projections, gate, a place for the sum, the sum. */
    private static final int STARTS_ALONE = 6;

    /** With more rows each, experts are computed alone on a GPU; on the processor, if any has more. */
    private static final int GPU_ROWS_TOGETHER = 32;

    private static final int PROCESSOR_ROWS_TOGETHER = 16;

    /** Of what a device does in half a layer. */
    double of(Schedule.DeviceTasks device, Step step) {
        int shards = 0;
        double together = 0;
        double each = 0;
        for (Schedule.Entry entry : device.entries()) {
            if (entry.block().component() != Component.EXPERTS) {
                shards++;
                continue;
            }
            double experts = entry.share() * model.expertsRead(entry.block(), entry.shard(), step.rows());
            if (!togetherWithOthers(entry, step)) {
                each += STARTS_ALONE * experts;
            } else if (entry.access() == Access.ON_DEMAND) {
                each += STARTS_TOGETHER * experts; // of its own
            } else {
                together = STARTS_TOGETHER;
            }
        }
        return STARTS + STARTS_PER_SHARD * Math.max(0, shards - 1) + together + each;
    }

    private boolean togetherWithOthers(Schedule.Entry entry, Step step) {
        int most = tiers.get(entry.device()) == Tier.HOST ? PROCESSOR_ROWS_TOGETHER : GPU_ROWS_TOGETHER;
        return model.encoding(Component.EXPERTS) instanceof Encoding.Grouped
                && model.rowsEach(entry.block(), entry.shard(), step.rows()) <= most;
    }
}
