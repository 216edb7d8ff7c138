package dev.flexgen.chat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;

/**
 * The system's clock in this computer's time zone. It looks the zone up on first use, because Java then reads the rules of all
 * zones and searches every jar for more. That takes 0.1 s, which would delay each start.
 */
final class LocalClock extends Clock {

    @Override
    public ZoneId getZone() {
        return ZoneId.systemDefault();
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return Clock.system(zone);
    }

    @Override
    public Instant instant() {
        return Instant.now();
    }
}
