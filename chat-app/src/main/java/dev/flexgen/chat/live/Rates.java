package dev.flexgen.chat.live;

import dev.flexgen.engine.base.Activity;
import java.util.ArrayDeque;
import java.util.Deque;

/** How fast bytes and tokens have moved in the last few seconds. Owned by one thread. */
public final class Rates {

    private static final double WINDOW_SECONDS = 5;

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(double seconds, Activity.Now now) {}

    /** Bytes and tokens a second, and the share of neurons that were active; 0 where nothing moved, gating negative where unknown. */
    public record Flow(double diskBytes, double busBytes, double steps, double tokens, double activeShare) {}

    /** Takes what is the case at this moment, in seconds of any clock, and says how fast it has been. */
    public Flow at(double seconds, Activity.Now now) {
        samples.addLast(new Sample(seconds, now));
        while (samples.size() > 2 && seconds - samples.getFirst().seconds() > WINDOW_SECONDS) {
            samples.removeFirst();
        }
        Sample first = samples.getFirst();
        double time = seconds - first.seconds();
        if (time <= 0) {
            return new Flow(0, 0, 0, 0, -1);
        }
        Activity.Now before = first.now();
        long neurons = now.neurons() - before.neurons();
        return new Flow(
                (now.diskBytes() - before.diskBytes()) / time,
                (now.busBytes() - before.busBytes()) / time,
                (now.steps() - before.steps()) / time,
                (now.rows() - before.rows()) / time,
                neurons == 0 ? -1 : (double) (now.activeNeurons() - before.activeNeurons()) / neurons);
    }
}
