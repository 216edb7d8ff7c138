package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.EncodingSupport;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.AttentionSpec;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.Positions;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.util.List;
import java.util.stream.Stream;

/** Checks that every device of a plan can compute with the weights that it gets, before any of them is loaded. */
record SupportCheck(WeightEncodings encodings, List<Device> devices) {

    /** @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT for the first combination that is missing */
    void require(Plan plan) {
        EncodingSupport.require(
                devices.get(plan.embeddingDevice()), Operation.EMBED, encodings.of(ModelPart.TOKENS.weight(), 0));
        devicesOf(plan).forEach(this::requireCapabilities);
        plan.forEach((id, shard) -> {
            switch (id.component()) {
                case HEADS -> {
                    requireSlopes(shard);
                    HeadsLayout layout = HeadsLayout.of(encodings, shard, id.layer());
                    require(shard, Operation.UP, layout.query(), layout.key(), layout.value());
                    require(shard, Operation.DOWN, layout.out());
                }
                case UP ->
                    require(
                            shard,
                            Operation.UP,
                            NeuronsLayout.of(encodings, shard, id.layer())
                                    .matrices()
                                    .toArray(MatrixLayout[]::new));
                case DOWN ->
                    require(
                            shard,
                            Operation.DOWN,
                            ProjectionLayout.down(encodings, shard, id.layer()).matrix());
                case EXPERTS -> {
                    ExpertsLayout.ExpertLayout expert =
                            ExpertsLayout.of(encodings, shard, id.layer()).one();
                    require(shard, Operation.UP, expert.gate(), expert.up());
                    require(shard, Operation.DOWN, expert.down());
                    LayerPlan layer = plan.layers().get(id.layer());
                    if (layer.fetchedShare() > 0) {
                        Shard fetched = new Shard(shard.from(), shard.to(), Tier.HOST, layer.home(), Access.ON_DEMAND);
                        require(fetched, Operation.UP, expert.gate(), expert.up());
                        require(fetched, Operation.DOWN, expert.down());
                    }
                }
                case VOCABULARY ->
                    require(
                            shard,
                            Operation.UP,
                            ProjectionLayout.vocabulary(encodings, shard).matrix());
            }
        });
    }

    private static Stream<Integer> devicesOf(Plan plan) {
        Stream<Integer> computing = plan.shards().flatMap(shard -> Stream.of(shard.device(), shard.prefillDevice()));
        Stream<Integer> homes = plan.layers().stream().map(LayerPlan::home);
        return Stream.of(computing, homes, Stream.of(plan.embeddingDevice()))
                .flatMap(it -> it)
                .distinct();
    }

    private void requireCapabilities(int index) {
        Device device = devices.get(index);
        Needs.missing(encodings.spec(), device).ifPresent(missing -> {
            throw EngineException.placement(
                    device.name() + " cannot compute " + missing.what() + ", which models of type "
                            + encodings.spec().family() + " need; use --device cpu, or a plan for the processor");
        });
    }

    /** Of the heads that a device attends for at once. */
    private void requireSlopes(Shard shard) {
        AttentionSpec attention = encodings.spec().block(0).attention();
        Device device = devices.get(shard.device());
        long heads = (long) shard.size() * (attention.heads() / attention.keyHeads());
        if (attention.positions() instanceof Positions.Alibi && heads > device.mostSlopes()) {
            throw EngineException.placement(device.name() + " attends with ALiBi positions for at most "
                    + device.mostSlopes() + " heads, and would have to for " + heads
                    + " here; use --device cpu, or a plan with fewer heads on the GPU");
        }
    }

    private void require(Shard shard, Operation operation, MatrixLayout... matrices) {
        for (MatrixLayout matrix : matrices) {
            EncodingSupport.require(devices.get(shard.device()), operation, matrix.encoding());
            EncodingSupport.require(devices.get(shard.prefillDevice()), operation, matrix.encoding());
        }
    }
}
