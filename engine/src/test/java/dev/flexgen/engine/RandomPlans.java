package dev.flexgen.engine;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Block;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Plans that no planner would make: every layer cut in its own way, every piece anywhere. The same for the same seed. */
public final class RandomPlans {

    private static final List<Tier> WITH_GPU = List.of(Tier.GPU, Tier.HOST);
    private static final List<Tier> PROCESSOR = List.of(Tier.HOST);
    private static final List<Tier> TWO_GPUS = List.of(Tier.GPU, Tier.HOST, Tier.GPU);

    private final ModelSpec spec;
    private final Random random;
    private boolean disk = true;

    public RandomPlans(ModelSpec spec, long seed) {
        this.spec = spec;
        this.random = new Random(seed);
    }

    /** For a GPU and the processor. */
    public Plan withGpu() {
        return plan(WITH_GPU);
    }

    /** For so many GPUs and the processor. */
    public Plan withGpus(int gpus) {
        List<Tier> devices = new ArrayList<>(Collections.nCopies(gpus, Tier.GPU));
        devices.add(Tier.HOST);
        return plan(devices);
    }

    /** For two GPUs with the processor between them. */
    public Plan withTwoGpus() {
        return plan(TWO_GPUS);
    }

    /** For the processor, all in host memory. */
    public Plan inHostMemory() {
        disk = false;
        return plan(PROCESSOR);
    }

    /** For the processor and a disk. */
    public Plan forProcessor() {
        return plan(PROCESSOR);
    }

    private Plan plan(List<Tier> devices) {
        List<LayerPlan> layers = IntStream.range(0, spec.layers())
                .mapToObj(layer -> layer(spec.block(layer), devices))
                .toList();
        return new Plan(
                random.nextInt(devices.size()),
                layers,
                cut(spec.vocabulary(), devices),
                2 + random.nextInt(8),
                2 + random.nextInt(3));
    }

    private LayerPlan layer(Block block, List<Tier> devices) {
        List<Shard> up = cut(block.feedForward().neurons(), devices);
        List<Shard> down = up.stream().map(half -> other(block, half, devices)).toList();
        List<Shard> experts = cut(block.feedForward().experts(), devices).stream()
                .map(RandomPlans::onDemand)
                .toList();
        int home = random.nextInt(devices.size());
        boolean fetches = !experts.isEmpty() && devices.get(home) == Tier.GPU && random.nextBoolean();
        double fetched = fetches ? random.nextInt(5) / 4.0 : 0;
        return new LayerPlan(home, cut(spec.keyHeads(), devices), up, down, experts, fetched);
    }

    private static Shard onDemand(Shard shard) {
        Access access = shard.access() == Access.STREAMED ? Access.ON_DEMAND : shard.access();
        return new Shard(shard.from(), shard.to(), shard.tier(), shard.device(), shard.prefillDevice(), access);
    }

    private Tier tier() {
        return switch (random.nextInt(disk ? 3 : 2)) {
            case 0 -> Tier.GPU;
            case 1 -> Tier.HOST;
            default -> Tier.DISK;
        };
    }

    private List<Shard> cut(int size, List<Tier> devices) {
        List<Shard> shards = new ArrayList<>();
        int from = 0;
        while (from < size) {
            int to = from + 1 + random.nextInt(Math.max(1, (size - from) * 2 / 3));
            int device = random.nextInt(devices.size());
            Tier tier = tier();
            if (tier == Tier.GPU && devices.get(device) != Tier.GPU) {
                tier = Tier.HOST;
            }
            shards.add(new Shard(
                    from, to, tier, device, prefillDevice(tier, device, devices), access(tier, device, devices)));
            from = to;
        }
        return shards;
    }

    /** Sometimes a GPU multiplies prompts for the processor. */
    private int prefillDevice(Tier tier, int device, List<Tier> devices) {
        int helper = random.nextInt(devices.size());
        boolean helps = tier != Tier.GPU && devices.get(device) == Tier.HOST && devices.get(helper) == Tier.GPU;
        return helps ? helper : device;
    }

    private static Access access(Tier tier, int device, List<Tier> devices) {
        return tier == devices.get(device) ? Access.RESIDENT : Access.STREAMED;
    }

    /** The second half of the same neurons: anywhere that their device can read. */
    private Shard other(Block block, Shard up, List<Tier> devices) {
        Tier own = devices.get(up.device());
        boolean gated = ExecutionSupport.activation(block) == Activation.RELU && random.nextBoolean();
        boolean lent = up.device() != up.prefillDevice();
        Tier tier = tier();
        if (tier == Tier.GPU && (own != Tier.GPU || lent)) {
            tier = Tier.HOST;
        }
        Access access = access(tier, up.device(), devices);
        if (gated && access == Access.STREAMED) {
            access = tier == Tier.HOST && random.nextBoolean() ? Access.MAPPED : Access.ON_DEMAND;
        }
        return new Shard(up.from(), up.to(), tier, up.device(), up.prefillDevice(), access);
    }
}
