package dev.flexgen.engine;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Plans that no planner would make: every layer cut in its own way, every piece anywhere. The same for the same seed. */
public final class RandomPlans {

    /** Where a piece lies, who computes few tokens with it, who many. */
    private record Home(Tier tier, int device, int prefillDevice) {}

    private static final List<Home> WITH_GPU = List.of(
            new Home(Tier.GPU, 0, 0),
            new Home(Tier.HOST, 1, 1),
            new Home(Tier.HOST, 1, 0),
            new Home(Tier.HOST, 0, 0),
            new Home(Tier.DISK, 0, 0),
            new Home(Tier.DISK, 1, 1),
            new Home(Tier.DISK, 1, 0));

    private static final List<Home> PROCESSOR = List.of(new Home(Tier.HOST, 0, 0), new Home(Tier.DISK, 0, 0));

    private final ModelSpec spec;
    private final Random random;

    public RandomPlans(ModelSpec spec, long seed) {
        this.spec = spec;
        this.random = new Random(seed);
    }

    /** For a GPU and the processor. */
    public Plan withGpu() {
        return plan(WITH_GPU);
    }

    /** For the processor and a disk. */
    public Plan forProcessor() {
        return plan(PROCESSOR);
    }

    private Plan plan(List<Home> homes) {
        List<LayerPlan> layers = IntStream.range(0, spec.layers())
                .mapToObj(layer -> new LayerPlan(cut(spec.keyHeads(), homes), cut(spec.ffnWidth(), homes)))
                .toList();
        return new Plan(layers, 2 + random.nextInt(8), 2 + random.nextInt(3));
    }

    private List<Shard> cut(int size, List<Home> homes) {
        List<Shard> shards = new ArrayList<>();
        int from = 0;
        while (from < size) {
            int to = from + 1 + random.nextInt(Math.max(1, (size - from) * 2 / 3));
            Home home = homes.get(random.nextInt(homes.size()));
            shards.add(new Shard(from, to, home.tier(), home.device(), home.prefillDevice()));
            from = to;
        }
        return shards;
    }
}
