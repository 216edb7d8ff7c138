package dev.flexgen.engine.device.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * One launch of attention that is split along the cache: which parts, and the key heads from {@code head} on. What it needs of the
 * scratch memory is there.
 */
record AttentionLaunch(List<AttentionPart> parts, int head, int heads) {

    /**
     * How much a launch may have.
     *
     * @param heads key heads
     * @param group query heads of each
     * @param chunk rows of a key head that a thread block takes together
     * @param partials rows of partial results that the scratch memory holds
     * @param counters that it holds
     */
    record Limits(int heads, int group, int chunk, long partials, int counters) {

        private int chunks(int tokens) {
            return Math.ceilDiv(tokens * group, chunk);
        }

        private long partials(AttentionPart part, int someHeads) {
            return part.spans() == 1 ? 0 : (long) someHeads * chunks(part.rows()) * part.spans() * chunk;
        }

        private long counters(AttentionPart part, int someHeads) {
            return part.spans() == 1 ? 0 : (long) someHeads * chunks(part.rows());
        }

        private boolean hold(AttentionPart part, int someHeads) {
            return partials(part, someHeads) <= partials && counters(part, someHeads) <= counters;
        }
    }

    /** As few launches as the limits allow: parts are cut by tokens, and a token that is still too much by heads. */
    static List<AttentionLaunch> of(List<AttentionPart> parts, Limits limits) {
        List<AttentionLaunch> launches = new ArrayList<>();
        List<AttentionPart> together = new ArrayList<>();
        long partials = 0;
        long counters = 0;
        for (AttentionPart part : cut(parts, limits)) {
            if (!limits.hold(part, limits.heads())) {
                byHeads(part, limits, launches);
                continue;
            }
            long ownPartials = limits.partials(part, limits.heads());
            long ownCounters = limits.counters(part, limits.heads());
            if (together.size() == KvAddresses.PARTS
                    || partials + ownPartials > limits.partials()
                    || counters + ownCounters > limits.counters()) {
                launches.add(new AttentionLaunch(List.copyOf(together), 0, limits.heads()));
                together.clear();
                partials = 0;
                counters = 0;
            }
            together.add(part.at((int) partials, (int) counters));
            partials += ownPartials;
            counters += ownCounters;
        }
        if (!together.isEmpty()) {
            launches.add(new AttentionLaunch(List.copyOf(together), 0, limits.heads()));
        }
        return launches;
    }

    /** Parts that fit, or of one token. */
    private static List<AttentionPart> cut(List<AttentionPart> parts, Limits limits) {
        List<AttentionPart> pieces = new ArrayList<>();
        for (AttentionPart part : parts) {
            int most = part.rows();
            while (most > 1 && !limits.hold(part.slice(part.rows() - most, most), limits.heads())) {
                most = Math.ceilDiv(most, 2);
            }
            for (int from = 0; from < part.rows(); from += most) {
                pieces.add(part.slice(from, Math.min(most, part.rows() - from)));
            }
        }
        return pieces;
    }

    private static void byHeads(AttentionPart token, Limits limits, List<AttentionLaunch> launches) {
        int most = limits.heads();
        while (most > 0 && !limits.hold(token, most)) {
            most /= 2;
        }
        if (most == 0) {
            throw new IllegalArgumentException("attention over " + (token.position() + token.rows())
                    + " positions needs more scratch memory than there is");
        }
        for (int head = 0; head < limits.heads(); head += most) {
            launches.add(new AttentionLaunch(List.of(token.at(0, 0)), head, Math.min(most, limits.heads() - head)));
        }
    }
}
