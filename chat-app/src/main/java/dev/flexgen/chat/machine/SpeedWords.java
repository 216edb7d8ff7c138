package dev.flexgen.chat.machine;

import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.ThroughputEstimate;
import java.util.Locale;
import java.util.Optional;

/** Speeds in the words and units that all commands use. */
public final class SpeedWords {

    private static final double MINUTE = 60;
    private static final double HOUR = 3600;

    /** Why speeds may be too low. */
    private static final String BUSY =
            "the machine was busy when its rates were measured; 'flexgen-chat doctor --measure' does it anew";

    private SpeedWords() {}

    /** What is to be known of the speeds that follow from a profile; empty if nothing is. */
    public static Optional<String> caution(Optional<MachineProfile> profile) {
        return profile.filter(MachineProfile::busy).map(busy -> BUSY);
    }

    /** {@code about 2.4 tok/s, bound by the bus to the GPU: 21.0 GiB a token at 54 GB/s}. */
    public static String of(ThroughputEstimate estimate) {
        return "about " + rate(estimate.decodeTokensPerSecond()) + ", bound by " + estimate.bound()
                + (estimate.diskAssumed() ? ", a guess, since the disk was not measured" : "");
    }

    /** {@code 230 tok/s}, {@code 2.4 tok/s}, {@code 0.051 tok/s}: two digits that mean something. */
    public static String rate(double tokensPerSecond) {
        return number(tokensPerSecond) + " tok/s";
    }

    /** The same without the unit. */
    public static String number(double value) {
        if (value >= 9.95) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
        return String.format(Locale.ROOT, value >= 0.995 ? "%.1f" : value >= 0.0995 ? "%.2f" : "%.2g", value);
    }

    /** {@code 0.04 s}, {@code 12 s}, {@code 3 min}, {@code 2.5 h}. */
    public static String seconds(double seconds) {
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, seconds < 0.995 ? "%.2f s" : "%.1f s", seconds);
        }
        if (seconds < 2 * MINUTE) {
            return String.format(Locale.ROOT, "%.0f s", seconds);
        }
        return seconds < 2 * HOUR
                ? String.format(Locale.ROOT, "%.0f min", seconds / MINUTE)
                : String.format(Locale.ROOT, "%.1f h", seconds / HOUR);
    }
}
