package dev.flexgen.engine;

import dev.flexgen.engine.measure.MachineBenchmark;
import dev.flexgen.engine.measure.ProfileCache;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a machine's profile is come by.
 *
 * @param cache where it is kept
 * @param diskFolder whose disk is measured where the options name none, or null
 * @param progress receives what is measured now, in a few words; empty when that is done
 * @param nanosPerFigure time for each of some twenty figures
 */
public record Measuring(ProfileCache cache, @Nullable Path diskFolder, Consumer<String> progress, long nanosPerFigure) {

    /** Keeps nothing and measures roughly, within about a second. */
    public static final Measuring ROUGHLY = new Measuring(ProfileCache.NONE, null, _ -> {}, 2_000_000L);

    /** Keeps profiles, and takes ten to twenty seconds for a new one. */
    public static Measuring kept(ProfileCache cache, Path diskFolder, Consumer<String> progress) {
        return new Measuring(cache, diskFolder, progress, MachineBenchmark.NANOS_PER_FIGURE);
    }
}
