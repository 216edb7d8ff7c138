package dev.flexgen.chat.live;

import java.util.List;

/**
 * Where a model is kept, who computes it, and how fast that can be.
 *
 * @param tiers what each memory holds; only those that hold something
 * @param layers equal layers together, in order
 * @param speeds the connections that weights come through, with their limits
 * @param bound which of them limits decoding, by the plan; empty if that is not known
 * @param residentBytes of weights that a decoding step reads where they are kept
 */
public record Placement(List<Tier> tiers, List<Layers> layers, Speeds speeds, String bound, long residentBytes) {

    public static final Placement UNKNOWN = new Placement(List.of(), List.of(), new Speeds(0, 0, 0, 0), "", 0);

    /**
     * One memory.
     *
     * @param limitBytes most that the program may take of it; 0 if there is no limit
     */
    public record Tier(String name, long weightBytes, long kvBytes, long bufferBytes, long limitBytes) {

        public long bytes() {
            return weightBytes + kvBytes + bufferBytes;
        }
    }

    /** Layers from one to another, both counted from 0, and a sentence about who computes them. */
    public record Layers(int first, int last, String computedBy) {}

    /** Bytes a second that each can move at most; 0 if that was not measured. */
    public record Speeds(double gpuMemory, double bus, double hostMemory, double disk) {}
}
