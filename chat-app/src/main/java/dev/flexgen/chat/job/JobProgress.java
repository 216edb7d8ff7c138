package dev.flexgen.chat.job;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Says now and then how far a job is, how fast, and how long the rest will take. One thread. */
public final class JobProgress {

    private static final long EVERY = Duration.ofSeconds(10).toNanos();

    private final int prompts;
    private final int before;
    private final Consumer<String> lines;
    private final LongSupplier clock;
    private final long start;
    private long next;
    private int done;
    private long tokens;

    /**
     * A job begins.
     *
     * @param prompts of the job
     * @param before that an earlier run has done
     * @param clock nanoseconds
     */
    public JobProgress(int prompts, int before, Consumer<String> lines, LongSupplier clock) {
        this.prompts = prompts;
        this.before = before;
        this.lines = lines;
        this.clock = clock;
        this.start = clock.getAsLong();
        this.next = start + EVERY;
    }

    /** A prompt is done, with so many new tokens. */
    public void done(int newTokens) {
        done++;
        tokens += newTokens;
        long now = clock.getAsLong();
        if (now >= next && before + done < prompts) {
            next = now + EVERY;
            lines.accept(sentence(now));
        }
    }

    /** The last word. */
    public void end() {
        lines.accept(sentence(clock.getAsLong()));
    }

    private String sentence(long now) {
        double seconds = Math.max(1e-9, (now - start) / 1e9);
        int left = prompts - before - done;
        String rest = left == 0 || done == 0 ? "" : ", about " + span(seconds / done * left) + " left";
        return String.format(
                Locale.ROOT, "%d of %d prompts, %.1f tok/s%s", before + done, prompts, tokens / seconds, rest);
    }

    private static String span(double seconds) {
        return seconds < 90
                ? Math.round(seconds) + " s"
                : seconds < 5400 ? Math.round(seconds / 60) + " min" : Math.round(seconds / 3600) + " h";
    }
}
