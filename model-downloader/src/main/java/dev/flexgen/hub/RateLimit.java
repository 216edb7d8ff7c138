package dev.flexgen.hub;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long the hub asks to wait: {@code RateLimit: "resolvers";r=0;t=55}, else {@code Retry-After: 55} or a date. */
final class RateLimit {

    private static final Pattern RESET = Pattern.compile(";\\s*t=(\\d{1,9})");
    private static final Pattern SECONDS = Pattern.compile("\\d{1,9}");

    private RateLimit() {}

    static Optional<Duration> delay(HubAnswer answer) {
        Optional<Duration> reset = answer.header("RateLimit")
                .map(RESET::matcher)
                .filter(Matcher::find)
                // The window may end a moment after what whole seconds say.
                .map(found -> Duration.ofSeconds(Long.parseLong(found.group(1)) + 1));
        return reset.or(() -> answer.header("Retry-After").map(String::strip).flatMap(RateLimit::after));
    }

    /** Seconds, or the time until a date. */
    private static Optional<Duration> after(String text) {
        if (SECONDS.matcher(text).matches()) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            Instant date = DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
            Duration left = Duration.between(Instant.now(), date);
            return Optional.of(left.isNegative() ? Duration.ZERO : left);
        } catch (DateTimeException noDate) {
            return Optional.empty();
        }
    }
}
