package dev.flexgen.chat.pull;

import dev.flexgen.chat.repl.render.WordWrap;
import dev.flexgen.config.PlainText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A download as lines on a terminal: one for each file in work, one for all together, one for what holds it up. A pure
 * function, so that tests can look at what people see.
 */
public final class ProgressLines {

    private static final Pattern SHARD = Pattern.compile("(.*)[-_](\\d{1,6})-of-(\\d{1,6})(\\..*)");
    private static final int MOST_NAME = 34;
    private static final int LEAST_BAR = 8;
    private static final int MOST_BAR = 40;

    /** What follows the bar, at its usual widest. */
    private static final String TAIL = "100 %  999.9 of 999.9 MiB";

    private final Bar bar;
    private final int width;
    private final int height;

    /**
     * Lines for a terminal.
     *
     * @param width columns that a line may have
     * @param height most lines
     */
    public ProgressLines(Bar bar, int width, int height) {
        this.bar = bar;
        this.width = Math.max(10, width);
        this.height = Math.max(1, height);
    }

    public List<String> of(PullState state) {
        List<String> foot = new ArrayList<>();
        if (!state.files().isEmpty()) {
            foot.add(line(total(state), state.doneBytes(), state.totalBytes(), ""));
            String speed = speed(state);
            if (!speed.isEmpty()) {
                foot.addAll(wrapped(speed));
            }
        }
        if (!state.note().isEmpty()) {
            foot.addAll(wrapped(state.note()));
        }
        List<String> lines = new ArrayList<>();
        inWork(state).stream()
                .limit(Math.max(0, height - foot.size()))
                .map(file -> line(file.path(), file.doneBytes(), file.bytes(), marks(file)))
                .forEach(lines::add);
        foot.stream().limit(height).forEach(lines::add);
        return lines;
    }

    /** The largest first, because they matter longest; a list that jumps about cannot be read. */
    private static List<FileProgress> inWork(PullState state) {
        return state.files().stream()
                .filter(file ->
                        file.phase() == FileProgress.Phase.LOADING || file.phase() == FileProgress.Phase.CHECKING)
                .sorted(Comparator.comparingLong(FileProgress::bytes).reversed().thenComparing(FileProgress::path))
                .toList();
    }

    private static String total(PullState state) {
        return state.filesDone() + " of " + state.files().size()
                + (state.files().size() == 1 ? " file" : " files");
    }

    private static String marks(FileProgress file) {
        return file.phase() == FileProgress.Phase.CHECKING ? "checking" : "";
    }

    /** {@code 12.5 MiB/s, 2:31 left}; empty while there is nothing to say. */
    private static String speed(PullState state) {
        String rate = ProgressText.rate(state.bytesPerSecond());
        String left = ProgressText.timeLeft(state.totalBytes() - state.doneBytes(), state.bytesPerSecond());
        boolean done = state.doneBytes() >= state.totalBytes();
        return rate.isEmpty() || done ? rate : rate + ", " + left + " left";
    }

    private String line(String path, long done, long total, String marks) {
        String name = PlainText.line(path); // here, and not only when it is clipped: what it becomes has a width
        String percent = String.format(Locale.ROOT, "%3d %%", ProgressText.percent(done, total));
        // The same columns in all lines of one width; the bar takes what is left, or makes way.
        int nameWidth = Math.clamp(width / 4, 8, MOST_NAME);
        boolean narrow = width < nameWidth + 2 + TAIL.length(); // half an amount would look like a whole one
        String amount = marks.isEmpty() ? ProgressText.amount(done, total) : marks;
        String tail = narrow ? percent : percent + "  " + amount;
        int barWidth = Math.min(MOST_BAR, width - nameWidth - 4 - TAIL.length());
        String shown = pad(bar.fit(name.length() <= nameWidth ? name : shardFirst(name), nameWidth), nameWidth);
        return clip(
                barWidth >= LEAST_BAR
                        ? shown + "  " + bar.draw(done, total, barWidth) + "  " + tail
                        : shown + "  " + tail);
    }

    /** The number of a shard is what tells it from the others, so it must not be what is left out. */
    private static String shardFirst(String name) {
        Matcher shard = SHARD.matcher(name);
        return shard.matches()
                ? Integer.parseInt(shard.group(2)) + "/" + Integer.parseInt(shard.group(3)) + " " + shard.group(1)
                        + shard.group(4)
                : name;
    }

    private List<String> wrapped(String text) {
        var wrap = new WordWrap(width);
        return (wrap.push(PlainText.line(text)) + wrap.finish()).lines().toList();
    }

    private String clip(String text) {
        String line = PlainText.line(text);
        return bar.fit(line, width).stripTrailing();
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
