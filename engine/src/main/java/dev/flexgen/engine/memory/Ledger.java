package dev.flexgen.engine.memory;

import dev.flexgen.engine.base.EngineException;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Who holds how many bytes on which tier. Every allocation of the engine enters here under its owner's name and leaves when
 * it is freed, so that a plan can be compared with what is really held and a leak has a name. Thread-safe.
 */
public final class Ledger {

    private static final long MIB = 1 << 20;

    private final Map<Tier, Map<String, Long>> held = new EnumMap<>(Tier.class);
    private final Map<Tier, Long> caps = new EnumMap<>(Tier.class);
    private final Map<Tier, Long> peaks = new EnumMap<>(Tier.class);

    public Ledger() {
        for (Tier tier : Tier.values()) {
            held.put(tier, new LinkedHashMap<>());
        }
    }

    /** From now on, {@link #enter} refuses what would bring a tier above {@code bytes}. */
    public synchronized void cap(Tier tier, long bytes) {
        caps.put(tier, bytes);
    }

    /** The most that a tier may hold; {@link Long#MAX_VALUE} without a cap. */
    public synchronized long cap(Tier tier) {
        return caps.getOrDefault(tier, Long.MAX_VALUE);
    }

    /**
     * Notes that {@code owner} now holds {@code bytes} more on {@code tier}. Called before the memory is taken, so that a cap is
     * never broken, not even for a moment.
     *
     * @throws EngineException of kind PLACEMENT if the tier's cap forbids it; then nothing is noted
     */
    public synchronized void enter(Tier tier, String owner, long bytes) {
        long held = bytes(tier);
        if (bytes > cap(tier) - held) {
            throw EngineException.placement(String.format(
                    Locale.ROOT,
                    "%s needs %d MiB more %s memory, but %d of the %d MiB it may use are taken; allow more with %s, or choose a"
                            + " shorter --context",
                    owner,
                    Math.ceilDiv(bytes, MIB),
                    tier.label(),
                    Math.ceilDiv(held, MIB),
                    cap(tier) / MIB,
                    tier.option()));
        }
        owners(tier).merge(owner, bytes, Long::sum);
        peaks.merge(tier, held + bytes, Math::max);
    }

    /** The most bytes that the tier has held at a time. */
    public synchronized long peak(Tier tier) {
        return peaks.getOrDefault(tier, 0L);
    }

    /** Notes that {@code owner} gave {@code bytes} on {@code tier} back. */
    public synchronized void leave(Tier tier, String owner, long bytes) {
        long left = owners(tier).merge(owner, -bytes, Long::sum);
        if (left < 0) {
            throw new IllegalStateException(owner + " gave back more " + tier + " memory than it held");
        }
        if (left == 0) {
            owners(tier).remove(owner);
        }
    }

    public synchronized long bytes(Tier tier) {
        long sum = 0; // a loop, because dry runs come here for every buffer of every plan that they judge
        for (long each : owners(tier).values()) {
            sum += each;
        }
        return sum;
    }

    /** Bytes that each owner holds on a tier. */
    public synchronized Map<String, Long> byOwner(Tier tier) {
        return Map.copyOf(owners(tier));
    }

    /** Bytes held on each tier, zeros included. */
    public synchronized Map<Tier, Long> bytes() {
        Map<Tier, Long> sums = new EnumMap<>(Tier.class);
        for (Tier tier : Tier.values()) {
            sums.put(tier, bytes(tier));
        }
        return sums;
    }

    /** What is held, largest first, one {@code owner: bytes} a line: for leak reports. */
    public synchronized String report() {
        return held.entrySet().stream()
                .flatMap(tier -> tier.getValue().entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
                        .map(owner -> tier.getKey() + " " + owner.getKey() + ": " + owner.getValue()))
                .collect(Collectors.joining("\n"));
    }

    private Map<String, Long> owners(Tier tier) {
        Map<String, Long> owners = held.get(tier);
        if (owners == null) {
            throw new IllegalStateException("no such tier: " + tier);
        }
        return owners;
    }
}
