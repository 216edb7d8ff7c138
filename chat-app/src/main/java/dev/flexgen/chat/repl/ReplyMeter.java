package dev.flexgen.chat.repl;

import dev.flexgen.chat.live.Placement;
import dev.flexgen.chat.live.Rates;
import dev.flexgen.chat.live.Watch;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.render.StatusLine.Part;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.engine.base.Activity;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Measures a reply while it is made: how far reading the prompt is, how fast tokens come, what the machine moves meanwhile. Owned by
 * who shows the reply.
 */
final class ReplyMeter {

    private static final long SLOW_TOKEN_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Partner partner;
    private final int contextLimit;
    private final Watch watch;
    private final Placement placement;
    private final LongSupplier nanoTime;
    private final long begin;
    private final Rates rates = new Rates();
    private int promptTokens;
    private int readTokens;
    private int toRead;
    private int stepTokens;
    private int written;
    private long firstToken;
    private long lastToken;

    ReplyMeter(Partner partner, int contextLimit, LongSupplier nanoTime) {
        this.partner = partner;
        this.contextLimit = contextLimit;
        this.watch = partner.model().watch();
        this.placement = watch.placement();
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
    }

    void prompt(int tokens) {
        promptTokens = tokens;
    }

    void read(int done, int total) {
        readTokens = done;
        toRead = total;
    }

    void token() {
        lastToken = nanoTime.getAsLong();
        if (written == 0) {
            firstToken = lastToken;
        }
        written++;
    }

    int written() {
        return written;
    }

    long nanosSinceBegin() {
        return nanoTime.getAsLong() - begin;
    }

    /** What the wait for the first word is about. */
    String waiting() {
        Activity.Step step = watch.now().step();
        stepTokens = Math.max(stepTokens, step.rows());
        return StatusText.reading(
                new StatusText.Reading(readTokens, toRead, stepTokens, step.layer(), step.layers()),
                TimeUnit.NANOSECONDS.toSeconds(nanosSinceBegin()));
    }

    /** The status line: what is most worth knowing of model, conversation, speed and machine. */
    List<Part> status() {
        long now = nanoTime.getAsLong();
        Activity.Now doing = watch.now();
        Rates.Flow flow = rates.at(now / 1e9, doing);
        boolean slow = written > 0 && (now - lastToken >= SLOW_TOKEN_NANOS || perToken(now) >= SLOW_TOKEN_NANOS);
        Activity.Step step = doing.step();
        String weights = partner.facts().weights();
        return List.of(
                new Part(partner.name() + (weights.isEmpty() ? "" : " " + weights), 7),
                new Part(written == 0 ? "reading" : "writing", 1),
                new Part(slow && step.layers() > 0 ? "layer " + (step.layer() + 1) + "/" + step.layers() : "", 3),
                new Part(writingSpeed(now, slow), 0),
                new Part("context " + (promptTokens + written) + "/" + contextLimit, 2),
                new Part(rate("disk", flow.diskBytes()), 5),
                new Part(rate("bus", flow.busBytes()), 6),
                new Part(slow ? rate("memory", flow.steps() * placement.residentBytes()) : "", 8),
                new Part(slow && !placement.bound().isEmpty() ? "bound by " + placement.bound() : "", 4),
                new Part(readingSpeed(now), 9),
                new Part(partner.facts().places(), 10));
    }

    private double perToken(long now) {
        return written < 2 ? 0 : (double) (now - firstToken) / (written - 1);
    }

    private String writingSpeed(long now, boolean slow) {
        double nanos = perToken(now);
        if (nanos <= 0) {
            return "";
        }
        return slow
                ? String.format(Locale.ROOT, "%.1f s a token", nanos / 1e9)
                : String.format(Locale.ROOT, "%.1f tok/s", 1e9 / nanos);
    }

    private String readingSpeed(long now) {
        double seconds = ((written > 0 ? firstToken : now) - begin) / 1e9;
        int tokens = written > 0 ? toRead : readTokens;
        return tokens == 0 || seconds < 1 ? "" : String.format(Locale.ROOT, "read %.1f tok/s", tokens / seconds);
    }

    private static String rate(String what, double bytesPerSecond) {
        return bytesPerSecond < 1e7 ? "" : String.format(Locale.ROOT, "%s %.1f GB/s", what, bytesPerSecond / 1e9);
    }
}
