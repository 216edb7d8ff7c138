package dev.flexgen.engine.plan;

import java.util.List;

/** What pricing has to know of a plan's weights: from a dry run, or by multiplication while the planner searches. */
interface BlockSizes {

    /** Weights of this shard that a token reads, every neuron active. */
    double bytes(BlockId id, Shard shard);

    /** How many layers from this one on cost the same, this one included: they are priced once. */
    int alike(int layer);

    /** Those of a dry run. Layers are alike if they are cut alike and each of their shards has as many bytes. */
    record Metered(Plan plan, Footprint footprint, ModelShape model) implements BlockSizes {

        @Override
        public double bytes(BlockId id, Shard shard) {
            return footprint.blockBytes(id);
        }

        @Override
        public int alike(int layer) {
            int next = layer + 1;
            while (next < plan.layers().size() && areAlike(layer, next)) {
                next++;
            }
            return next - layer;
        }

        private boolean areAlike(int one, int other) {
            LayerPlan cut = plan.layers().get(one);
            if (!cut.equals(plan.layers().get(other))
                    || !model.spec().block(one).equals(model.spec().block(other))) {
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
                List<Shard> shards = cut.shards(component);
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
