package dev.flexgen.chat.cli;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Shard;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Who computes with the weights of each memory, in words. */
final class PlanPlaces {

    private final int gpus;
    private final FitResult.Fits fits;

    /** Who gets at weights, and how. */
    private enum Use {
        BY_GPU("the GPU computes"),
        BY_PROCESSOR("the processor computes"),
        STREAMED("the GPU computes what the bus brings it"),
        MAPPED("the GPU reads rows of active neurons over the bus"),
        FETCHED("the GPU fetches experts over the bus as they are chosen"),
        SHARED("the processor computes a part of the chosen experts, while the GPU fetches the others over the bus"),
        FROM_DISK("the processor computes what the disk brings it");

        private final String words;

        Use(String words) {
            this.words = words;
        }
    }

    PlanPlaces(FitResult.Fits fits, int gpus) {
        this.fits = fits;
        this.gpus = gpus;
    }

    /** Such as {@code the processor computes (3.1 GiB), the GPU computes what the bus brings it (2.1 GiB)}. */
    String words(Tier tier) {
        Map<Use, Long> uses = new EnumMap<>(Use.class);
        fits.plan().forEach((id, shard) -> {
            if (shard.tier() == tier) {
                uses.merge(use(id, shard), fits.footprint().blockBytes(id), Long::sum);
            }
        });
        List<String> words = new ArrayList<>();
        uses.forEach(
                (use, bytes) -> words.add(uses.size() == 1 ? use.words : use.words + " (" + Bytes.format(bytes) + ")"));
        return String.join(", ", words);
    }

    /** Plans number GPUs before the processor. */
    private Use use(BlockId id, Shard shard) {
        boolean routed = id.component() == Component.EXPERTS;
        if (routed && shard.tier() == Tier.HOST && gpus > 0 && shard.device() >= gpus) {
            double fetched = fits.plan().layers().get(id.layer()).fetchedShare();
            return fetched == 0 ? Use.BY_PROCESSOR : fetched == 1 ? Use.FETCHED : Use.SHARED;
        }
        boolean byGpu = shard.device() < gpus;
        if (!byGpu) {
            return shard.tier() == Tier.DISK ? Use.FROM_DISK : Use.BY_PROCESSOR;
        }
        if (shard.tier() == Tier.GPU) {
            return Use.BY_GPU;
        }
        if (routed) {
            return Use.FETCHED;
        }
        return shard.access() == Access.MAPPED || shard.access() == Access.ON_DEMAND ? Use.MAPPED : Use.STREAMED;
    }
}
