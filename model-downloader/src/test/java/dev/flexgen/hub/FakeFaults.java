package dev.flexgen.hub;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Predicate;

/** What a fake hub does wrong, and how often. Safe for threads. */
public final class FakeFaults {

    private final Map<Fault, Rule> rules = new EnumMap<>(Fault.class);

    /** Each concerns requests for the bytes of a file, unless it says otherwise. */
    public enum Fault {
        /** Closes the connection after half of the bytes. */
        DROP,
        /** Sends half of the bytes and then nothing. */
        STALL,
        /** Sends all of the file whatever part was asked for. */
        IGNORE_RANGE,
        /** Turns a bit over. */
        CORRUPT,
        /** Refuses a signed link. */
        EXPIRED_LINK,
        /** Answers 429, to requests about models as well. */
        RATE_LIMIT,
        /** The same, with the newer header. */
        RATE_LIMIT_HEADER,
        /** Answers 503, to requests about models as well. */
        UNAVAILABLE,
        /** Says that there is no such range. */
        NO_SUCH_RANGE,
        /** Names another hash than the list of files does. */
        OTHER_ETAG
    }

    private static final class Rule {
        private int left;
        private final Predicate<String> path;

        private Rule(int left, Predicate<String> path) {
            this.left = left;
            this.path = path;
        }
    }

    /** Does it for the next so many requests. */
    public void next(int times, Fault fault) {
        next(times, fault, _ -> true);
    }

    /** Does it for the next so many requests for some paths; the API's have none. */
    public synchronized void next(int times, Fault fault, Predicate<String> path) {
        rules.put(fault, new Rule(times, path));
    }

    /** Whether to do it now; counts. */
    synchronized boolean take(Fault fault, String path) {
        Rule rule = rules.get(fault);
        if (rule == null || rule.left <= 0 || !rule.path.test(path)) {
            return false;
        }
        rule.left--;
        return true;
    }
}
