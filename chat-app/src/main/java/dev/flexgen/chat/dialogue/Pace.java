package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.Model;
import dev.flexgen.engine.memory.Tier;

/**
 * How long a step of a model cannot be stopped: half a layer. Measured, and before that assumed of where the weights are. Owned by
 * whoever reads ahead.
 */
final class Pace {

    /** A reply that has to wait longer than this, because something else is being read, feels delayed. */
    private static final double MOST_SECONDS = 0.25;

    private static final double DISK_BYTES_PER_SECOND = 1e9;
    private static final double MEMORY_BYTES_PER_SECOND = 1e10;

    private final int halves;
    private volatile double seconds;

    Pace(int layers, double seconds) {
        this.halves = 2 * layers;
        this.seconds = seconds;
    }

    static Pace of(Model model) {
        int layers = model.spec().layers();
        double rate = model.plan().tiers().contains(Tier.DISK) ? DISK_BYTES_PER_SECOND : MEMORY_BYTES_PER_SECOND;
        return new Pace(layers, model.weightBytesPerToken() / rate / (2 * layers));
    }

    /** A step through all layers took so long. */
    void learn(double stepSeconds) {
        seconds = stepSeconds / halves;
    }

    boolean stopsSoon() {
        return seconds <= MOST_SECONDS;
    }
}
