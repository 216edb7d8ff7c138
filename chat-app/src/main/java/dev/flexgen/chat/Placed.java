package dev.flexgen.chat;

import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ThroughputEstimate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Tells the user where a model is kept; says nothing if it is all in host memory and the processor computes it. */
final class Placed {

    private Placed() {}

    /**
     * One line for where it is, if that is worth a word, and one for each thing that is not as it could be.
     *
     * @param estimate asked for only where it is said: a machine's profile is read for it
     */
    static List<String> lines(
            Map<Tier, Long> held, Supplier<Optional<ThroughputEstimate>> estimate, List<String> notes, String devices) {
        List<String> lines = new ArrayList<>();
        long gpu = held.getOrDefault(Tier.GPU, 0L);
        long disk = held.getOrDefault(Tier.DISK, 0L);
        if (gpu > 0 || disk > 0) {
            lines.add(place(held, gpu, disk) + ", computed by " + devices + expectation(estimate.get()));
        }
        lines.addAll(notes);
        return lines;
    }

    private static String place(Map<Tier, Long> held, long gpu, long disk) {
        List<String> places = new ArrayList<>();
        if (gpu > 0) {
            places.add(Bytes.format(gpu) + " of GPU memory");
        }
        places.add(Bytes.format(held.getOrDefault(Tier.HOST, 0L)) + " of host memory");
        if (disk > 0) {
            places.add(Bytes.format(disk) + " of disk");
        }
        return String.join(", ", places);
    }

    private static String expectation(Optional<ThroughputEstimate> estimate) {
        return estimate.map(it -> "; " + SpeedWords.of(it)).orElse("");
    }
}
