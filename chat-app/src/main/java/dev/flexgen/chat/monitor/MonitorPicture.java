package dev.flexgen.chat.monitor;

import dev.flexgen.chat.live.Placement;
import dev.flexgen.chat.live.Rates;
import dev.flexgen.chat.repl.render.Columns;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.Activity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The monitor's lines for a screen of some size. Pure functions. */
final class MonitorPicture {

    private static final String SPARKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";
    private static final int LABEL = 8;
    private static final int MOST_BAR = 40;

    private MonitorPicture() {}

    /**
     * What is shown.
     *
     * @param model its name
     * @param flow of the last seconds
     * @param speeds steps a second, oldest first
     * @param replying whether a reply is being made
     */
    record Moment(
            String model,
            Placement placement,
            Activity.Now now,
            Rates.Flow flow,
            List<Double> speeds,
            boolean replying) {}

    /** At most {@code rows} lines of at most {@code columns}. */
    static List<String> of(Moment moment, int columns, int rows) {
        List<String> lines = new ArrayList<>();
        lines.add(moment.model() + (moment.replying() ? ", " + phase(moment.now()) : ", at rest"));
        lines.add("");
        int bar = Math.clamp(columns - LABEL - 42, 6, MOST_BAR);
        moment.placement().tiers().forEach(tier -> lines.add(tier(tier, bar)));
        lines.add("");
        moment.placement().layers().forEach(run -> lines.add(layers(run)));
        lines.add("");
        rates(moment, bar, lines);
        lines.add(speed(moment, bar));
        if (moment.flow().activeShare() >= 0) {
            lines.add(label("gating")
                    + String.format(
                            Locale.ROOT,
                            "%.0f %% of the neurons are read",
                            100 * moment.flow().activeShare()));
        }
        lines.add("");
        String foot = "q back to the chat" + (moment.replying() ? ", the reply goes on; Ctrl-C stops it" : "");
        return fitted(lines, foot, columns, rows);
    }

    private static List<String> fitted(List<String> lines, String foot, int columns, int rows) {
        List<String> all = new ArrayList<>(lines);
        for (int i = all.size() - 1; i >= 0 && all.size() + 1 > rows; i--) {
            if (all.get(i).isEmpty()) {
                all.remove(i);
            }
        }
        List<String> shown = new ArrayList<>(all.subList(0, Math.max(0, Math.min(all.size(), rows - 1))));
        shown.add(foot);
        return shown.stream()
                .map(line -> Columns.fit(line, columns))
                .limit(Math.max(0, rows))
                .toList();
    }

    private static String phase(Activity.Now now) {
        Activity.Step step = now.step();
        if (step.layers() == 0) {
            return "between two steps";
        }
        String what = step.rows() > 1 ? "reading " + step.rows() + " tokens" : "writing a token";
        return what + ", layer " + (step.layer() + 1) + "/" + step.layers();
    }

    private static String label(String text) {
        return String.format(Locale.ROOT, "%-" + LABEL + "s", text);
    }

    private static String tier(Placement.Tier tier, int bar) {
        long all = Math.max(tier.limitBytes(), tier.bytes());
        String bars = part(tier.weightBytes(), all, bar, "\u2588")
                + part(tier.kvBytes(), all, bar, "\u2593")
                + part(tier.bufferBytes(), all, bar, "\u2591");
        String rest = "\u00b7".repeat(Math.max(0, bar - bars.length()));
        String limit = tier.limitBytes() > 0 ? " of " + Bytes.format(tier.limitBytes()) : "";
        return label(tier.name()) + bars + rest + " " + Bytes.format(tier.bytes()) + limit + ": weights "
                + Bytes.format(tier.weightBytes()) + ", KV " + Bytes.format(tier.kvBytes()) + ", buffers "
                + Bytes.format(tier.bufferBytes());
    }

    private static String part(long bytes, long all, int bar, String sign) {
        return bytes == 0 ? "" : sign.repeat((int) Math.max(1, Math.round((double) bar * bytes / all)));
    }

    private static String layers(Placement.Layers run) {
        String which = run.first() == run.last()
                ? "layer " + (run.first() + 1)
                : "layers " + (run.first() + 1) + "-" + (run.last() + 1);
        return which + ": " + run.computedBy();
    }

    private static void rates(Moment moment, int bar, List<String> lines) {
        Placement.Speeds limits = moment.placement().speeds();
        String bound = moment.placement().bound();
        double resident = moment.flow().steps() * moment.placement().residentBytes();
        boolean gpu =
                moment.placement().tiers().stream().anyMatch(tier -> tier.name().equals("GPU"));
        if (moment.flow().diskBytes() > 0) {
            lines.add(rate("disk", moment.flow().diskBytes(), limits.disk(), bar, bound.contains("disk")));
        }
        if (moment.flow().busBytes() > 0) {
            lines.add(rate("bus", moment.flow().busBytes(), limits.bus(), bar, bound.contains("bus")));
        }
        if (gpu) {
            lines.add(rate("weights", resident, limits.gpuMemory(), bar, bound.contains("memory")));
        } else {
            lines.add(rate("memory", resident, limits.hostMemory(), bar, bound.contains("memory")));
        }
    }

    private static String rate(String what, double now, double limit, int bar, boolean binds) {
        int full = limit <= 0 ? 0 : Math.clamp(Math.round(bar * now / limit), 0, bar);
        String most = limit <= 0 ? ", its limit is not measured" : String.format(Locale.ROOT, " of %.1f", limit / 1e9);
        return label(what)
                + "\u2588".repeat(full)
                + "\u00b7".repeat(bar - full)
                + String.format(Locale.ROOT, " %.1f%s GB/s", now / 1e9, limit <= 0 ? "" : most)
                + (limit <= 0 ? most : "")
                + (binds ? "; this is what limits writing" : "");
    }

    private static String speed(Moment moment, int bar) {
        List<Double> last = moment.speeds()
                .subList(
                        Math.max(0, moment.speeds().size() - bar),
                        moment.speeds().size());
        double most = last.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        StringBuilder sparks = new StringBuilder();
        for (double speed : last) {
            int level = most <= 0 ? 0 : (int) Math.min(SPARKS.length() - 1, Math.floor(speed / most * SPARKS.length()));
            sparks.append(SPARKS.charAt(level));
        }
        return label("speed")
                + sparks.toString()
                + " ".repeat(Math.max(0, bar - sparks.length()))
                + String.format(
                        Locale.ROOT,
                        " %.2f tok/s, %.2f steps/s",
                        moment.flow().tokens(),
                        moment.flow().steps());
    }
}
