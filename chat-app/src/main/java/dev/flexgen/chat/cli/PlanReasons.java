package dev.flexgen.chat.cli;

import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Why a plan is as it is, in sentences. */
record PlanReasons(FitResult.Fits fits, MachineState machine, boolean contextIsAuto) {

    private static final int MOST_AUTO_CONTEXT = 8192;

    List<String> list() {
        List<String> reasons = new ArrayList<>();
        if (machine.found() instanceof MachineState.Found.ProcessorAlone(var reason) && !reason.isEmpty()) {
            reasons.add("the processor computes alone: " + reason);
        }
        Set<Integer> home = fits.plan().layers().stream().map(LayerPlan::home).collect(Collectors.toSet());
        if (fits.tiers().equals(Set.of(Tier.GPU))) {
            reasons.add(
                    home.size() == 1
                            ? "all of it fits the GPU"
                            : "all of it fits the GPUs together, which compute its layers in turn");
        }
        if (fits.weights() == WeightType.Q4) {
            reasons.add("in 4 bits the weights take about a quarter of the room and of the reading");
        }
        if (contextIsAuto
                && fits.context()
                        < Math.min(MOST_AUTO_CONTEXT, fits.shape().spec().positions())) {
            reasons.add("the context is shorter than the model's "
                    + fits.shape().spec().positions()
                    + " tokens, because more would cost room or a tenth of the speed");
        }
        if (fits.plan().shards().anyMatch(shard -> shard.access() == Access.MAPPED)) {
            reasons.add(String.format(
                    Locale.ROOT,
                    "about %.0f %% of the neurons are active, so the second half of each layer is kept outside the GPU"
                            + " first",
                    100 * fits.shape().activeShare()));
        }
        List<Shard> experts = fits.plan().layers().stream()
                .flatMap(layer -> layer.experts().stream())
                .filter(shard -> shard.tier() != Tier.GPU)
                .toList();
        if (machine.hasGpu() && !experts.isEmpty()) {
            double fetched = fits.plan().layers().stream()
                    .mapToDouble(LayerPlan::fetchedShare)
                    .max()
                    .orElse(0);
            reasons.add(sharing(experts, fetched, gpus()));
        } else if (machine.hasGpu() && fits.tiers().contains(Tier.HOST)) {
            boolean processor = fits.plan().shards().anyMatch(shard -> shard.device() >= gpus());
            reasons.add(
                    processor
                            ? "what the GPU does not hold is shared so that bus and processor are done at the same time"
                            : "the processor is left out, because waiting for it would take longer than the bus");
        }
        if (home.size() > 1 && !fits.tiers().equals(Set.of(Tier.GPU))) {
            reasons.add(
                    "the GPUs compute layers in turn; while one computes, the buses of the others bring what comes next");
        }
        if (fits.fromDisk()) {
            reasons.add("GPU and host memory together do not hold it, so every token waits for the disk");
        }
        return reasons;
    }

    private int gpus() {
        return machine.budget().gpus().size();
    }

    /** Of experts outside the GPU. Plans number GPUs before the processor. */
    private static String sharing(List<Shard> experts, double fetched, int gpus) {
        boolean lent = experts.stream().anyMatch(shard -> shard.device() >= gpus && shard.prefillDevice() < gpus);
        boolean disk = experts.stream().anyMatch(shard -> shard.tier() == Tier.DISK);
        if (fetched == 1 && lent && !disk) {
            return "experts that the GPU has no room for are fetched by it over the bus, because the processor would take longer";
        }
        String prompts = lent ? ", and for prompts by the GPU" : "";
        return fetched > 0
                ? "experts that the GPU has no room for are shared: the processor computes some, while the GPU fetches"
                        + " others over the bus" + (lent ? "; for prompts it fetches all" : "")
                : "experts that the GPU has no room for are computed by the processor" + prompts;
    }
}
