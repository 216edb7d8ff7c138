package dev.flexgen.chat.pull;

import dev.flexgen.config.Bytes;
import java.util.Locale;

/** The pieces of a progress line: percent, bytes, rate, time left. */
final class ProgressText {

    private static final long MOST_SECONDS = 100L * 3600;

    private ProgressText() {}

    /** Rounded down: 100 means that everything is here. */
    static int percent(long done, long total) {
        return total <= 0 ? 0 : Math.clamp((long) (100.0 * done / total), 0, done < total ? 99 : 100);
    }

    /** In the unit of the whole: {@code 12.3 of 238.9 MiB}. */
    static String amount(long done, long total) {
        String whole = Bytes.format(total);
        String unit = whole.substring(whole.indexOf(' ') + 1);
        return in(unit, done) + " of " + whole;
    }

    private static String in(String unit, long bytes) {
        long size = unit.equals("B") ? 1 : Bytes.parse("1" + unit);
        return String.format(Locale.ROOT, size == 1 ? "%.0f" : "%.1f", (double) bytes / size);
    }

    /** Empty while it is not known. */
    static String rate(double bytesPerSecond) {
        return bytesPerSecond < 1 ? "" : Bytes.format((long) bytesPerSecond) + "/s";
    }

    /** {@code 0:07}, {@code 12:34}, {@code 1:02:03}; empty while it is not known. */
    static String timeLeft(long bytes, double bytesPerSecond) {
        if (bytesPerSecond < 1) {
            return "";
        }
        long seconds = (long) Math.ceil(bytes / bytesPerSecond);
        if (seconds > MOST_SECONDS) {
            return "days";
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
