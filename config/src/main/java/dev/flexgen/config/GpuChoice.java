package dev.flexgen.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which of a machine's GPUs compute: the first that can, all that can, or those of these numbers.
 *
 * @param numbers in the order in which they are used, each once; empty unless they were named
 */
public record GpuChoice(boolean all, List<Integer> numbers) {

    /** The first that can be used. */
    public static final GpuChoice FIRST = new GpuChoice(false, List.of());

    /** All that can be used. */
    public static final GpuChoice ALL = new GpuChoice(true, List.of());

    private static final Pattern NUMBERS = Pattern.compile("\\d{1,4}(,\\d{1,4})*");

    public GpuChoice {
        numbers = List.copyOf(numbers);
        if (numbers.stream().distinct().count() != numbers.size() || (all && !numbers.isEmpty())) {
            throw new IllegalArgumentException("no choice of GPUs: " + numbers);
        }
    }

    /** Those of these numbers. */
    public static GpuChoice of(List<Integer> numbers) {
        return new GpuChoice(false, numbers);
    }

    /** {@code first}, {@code all} or {@code 0,1}; empty for any other text, and if a number is there twice. */
    static Optional<GpuChoice> parse(String text) {
        if (text.equalsIgnoreCase("first")) {
            return Optional.of(FIRST);
        }
        if (text.equalsIgnoreCase("all")) {
            return Optional.of(ALL);
        }
        if (!NUMBERS.matcher(text).matches()) {
            return Optional.empty();
        }
        List<Integer> numbers = new ArrayList<>();
        for (String number : text.split(",", -1)) {
            if (numbers.contains(Integer.valueOf(number))) {
                return Optional.empty();
            }
            numbers.add(Integer.valueOf(number));
        }
        return Optional.of(of(numbers));
    }

    /** As a user would write it. */
    @Override
    public String toString() {
        if (numbers.isEmpty()) {
            return all ? "all" : "first";
        }
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
