package dev.flexgen.engine.plan;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import java.util.OptionalDouble;
import java.util.Set;

/** What to expect of a model before it is opened. */
public sealed interface FitResult {

    /**
     * It would be opened.
     *
     * @param tiers where its weights would lie
     * @param bytes of weights, and of keys and values of a whole conversation
     * @param bestTokensPerSecond of a reply at best, by the rates of buses and memories alone; empty where the rates were not
     *     measured, or a disk decides
     */
    record Fits(Set<Tier> tiers, long bytes, OptionalDouble bestTokensPerSecond) implements FitResult {

        public Fits {
            tiers = Set.copyOf(tiers);
        }

        /** Whether some of its weights would be read from a disk for every token. */
        public boolean fromDisk() {
            return tiers.contains(Tier.DISK);
        }
    }

    /**
     * Opening it would fail.
     *
     * @param sentence that it would fail with
     */
    record Refused(EngineException.Kind kind, String sentence) implements FitResult {}
}
