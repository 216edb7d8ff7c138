package dev.flexgen.chat.repl.render;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** One line of facts, from which the least important ones are left out where there is no room. Pure functions. */
public final class StatusLine {

    private static final String GAP = " \u00b7 ";

    private StatusLine() {}

    /**
     * One fact.
     *
     * @param text empty for none
     * @param rank the higher, the sooner it is left out
     */
    public record Part(String text, int rank) {}

    /** The parts in their order, as many as fit into so many columns; the most important one is cut if need be. */
    public static String of(List<Part> parts, int columns) {
        List<Part> left = new ArrayList<>(
                parts.stream().filter(part -> !part.text().isEmpty()).toList());
        while (left.size() > 1 && Columns.of(join(left)) > columns) {
            left.remove(left.stream().max(Comparator.comparingInt(Part::rank)).orElseThrow());
        }
        return Columns.fit(join(left), columns);
    }

    private static String join(List<Part> parts) {
        return parts.stream().map(Part::text).collect(Collectors.joining(GAP));
    }
}
