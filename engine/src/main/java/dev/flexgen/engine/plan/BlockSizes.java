package dev.flexgen.engine.plan;

import java.util.List;

/** What pricing has to know of a plan's weights: from a dry run, or by multiplication while the planner searches. */
interface BlockSizes {

    /** Weights of this shard that a token reads, every neuron active. */
    double bytes(BlockId id, Shard shard);

    /** Whether each block of a layer has as many bytes as the same block of another layer that is cut alike: they are priced once. */
    boolean alike(int one, int other);

    /** Those of a dry run. Layers are alike if they are of one kind and each of their shards has as many bytes. */
    record Metered(Plan plan, Footprint footprint, ModelShape model) implements BlockSizes {

        @Override
        public double bytes(BlockId id, Shard shard) {
            return footprint.blockBytes(id);
        }

        @Override
        public boolean alike(int one, int other) {
            if (!model.spec().block(one).equals(model.spec().block(other))) {
                return false;
            }
            if (model.use().isPresent()
                    && !model.use()
                            .get()
                            .layers()
                            .get(one)
                            .equals(model.use().get().layers().get(other))) {
                return false;
            }
            for (Component component : Component.values()) {
                List<Shard> shards = plan.layers().get(one).shards(component);
                for (int i = 0; i < shards.size(); i++) {
                    if (footprint.blockBytes(new BlockId(one, component, i))
                            != footprint.blockBytes(new BlockId(other, component, i))) {
                        return false;
                    }
                }
            }
            return true;
        }
    }
}
