package dev.flexgen.chat.machine;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Geometry;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * What to expect of a model on a machine, before anything of it is here. Says what the engine of today can do: all weights in
 * host memory in 16 bits, computed by the processor.
 *
 * @param neededBytes of memory for weights and a full context
 * @param tokensPerSecond of a reply; a guess good to a third or so
 */
public record Expectation(SpeedClass speed, long neededBytes, double tokensPerSecond) {

    private static final long BYTES_PER_WEIGHT = 2;
    private static final long BYTES_PER_CACHED_NUMBER = 2;

    /** Of the memory's measured rate, the share that decoding reached in docs/BENCHMARKS.md: 58 to 88 %. */
    private static final double SHARE_OF_MEMORY_RATE = 0.7;

    public static Expectation of(CatalogueEntry entry, MachineReport machine) {
        long needed = neededBytes(entry);
        // A token reads every weight once, but of the learned positions one row only.
        Geometry shape = entry.geometry();
        double positions = (double) shape.positions() * shape.width();
        double bytesPerToken = BYTES_PER_WEIGHT * Math.max(1, entry.parameters() - positions);
        double rate = SHARE_OF_MEMORY_RATE * machine.hostReadBytesPerSecond() / bytesPerToken;
        boolean fits = fits(needed, machine.freeMemoryBytes());
        return new Expectation(fits ? SpeedClass.of(rate) : SpeedClass.DOES_NOT_FIT, needed, rate);
    }

    /** Memory for the weights and for keys and values of the longest context, as the engine will ask for it. */
    public static long neededBytes(CatalogueEntry entry) {
        Geometry shape = entry.geometry();
        long cachedNumbers = 2L * shape.layers() * shape.kvHeads() * shape.headDim() * shape.positions();
        return BYTES_PER_WEIGHT * entry.parameters() + BYTES_PER_CACHED_NUMBER * cachedNumbers;
    }

    /** Where the system does not say what is free, only trying tells. */
    public static boolean fits(long neededBytes, OptionalLong freeBytes) {
        return freeBytes.isEmpty() || neededBytes <= freeBytes.getAsLong();
    }

    public boolean fits() {
        return speed != SpeedClass.DOES_NOT_FIT;
    }

    /** For people: {@code reads along, ~12 tok/s}. */
    public String label() {
        if (!fits()) {
            return speed.label();
        }
        String format = tokensPerSecond >= 9.95 ? "%s, ~%.0f tok/s" : "%s, ~%.1f tok/s";
        return String.format(Locale.ROOT, format, speed.label(), tokensPerSecond);
    }
}
