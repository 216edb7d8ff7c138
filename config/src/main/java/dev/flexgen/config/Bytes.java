package dev.flexgen.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Byte counts as people write them: {@code 16GiB}, {@code 512 MiB}, {@code 1.5GB}, {@code 4096}. */
public final class Bytes {

    private static final Pattern SIZE = Pattern.compile("(\\d{1,19}(?:\\.\\d{1,9})?)\\s*([A-Za-z]*)");

    /** A bare letter is binary, as for the JVM's own -Xmx. */
    private static final Map<String, Long> UNITS = Map.ofEntries(
            Map.entry("", 1L),
            Map.entry("b", 1L),
            Map.entry("k", 1L << 10),
            Map.entry("kib", 1L << 10),
            Map.entry("kb", 1_000L),
            Map.entry("m", 1L << 20),
            Map.entry("mib", 1L << 20),
            Map.entry("mb", 1_000_000L),
            Map.entry("g", 1L << 30),
            Map.entry("gib", 1L << 30),
            Map.entry("gb", 1_000_000_000L),
            Map.entry("t", 1L << 40),
            Map.entry("tib", 1L << 40),
            Map.entry("tb", 1_000_000_000_000L));

    private static final String[] BINARY_UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Bytes() {}

    /** The number of bytes, a fraction of a byte dropped; {@link ConfigException} if {@code text} is no size below 2^63. */
    public static long parse(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        Long unit = matcher.matches() ? UNITS.get(matcher.group(2).toLowerCase(Locale.ROOT)) : null;
        if (unit == null) {
            throw notASize(text);
        }
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw notASize(text);
        }
        return bytes.setScale(0, RoundingMode.DOWN).longValueExact();
    }

    /** Three or so significant digits in binary units: {@code 16.0 GiB}; below one KiB exact: {@code 512 B}. */
    public static String format(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a negative number of bytes: " + bytes);
        }
        if (bytes < 1024) {
            return bytes + " B";
        }
        double amount = bytes / 1024.0;
        int unit = 0;
        // 1023.95 would be printed as 1024.0 of this unit: it is 1.0 of the next.
        while (amount >= 1023.95) {
            amount /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", amount, BINARY_UNITS[unit]);
    }

    private static ConfigException notASize(String text) {
        return new ConfigException(
                Quoted.of(text) + " is not a number of bytes: write for example 16GiB, 512 MiB, 1.5GB or 4096.");
    }
}
