package dev.flexgen.engine;

import dev.flexgen.engine.plan.Plan;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * How long the latest steps of a model took, and by these how long others will take. Steps of one token, of few and of many are
 * different work, so each kind has a line of its own: a base, which is mostly the weights, and a part for each token. Of many tokens a
 * device takes some at a time, which count as whole even where they are fewer. Any thread.
 */
final class StepTimes {

    private static final int KEPT = 12;
    private static final int MANY = Plan.COMPUTE_BOUND_TOKENS;

    /** Steps that differ by less say nothing of what a token more costs. */
    private static final double SPREAD = 1.5;

    private static final int LEAST_APART = 4;

    /** Steps of so many times the tokens of one that was seen are foreseen by that. */
    private static final int FORESEEN = 8;

    /** A base is taken to cost as much as so many tokens where only one length was seen: 25 and 85 on two machines, opt-1.3b. */
    private static final int BASE_TOKENS = 32;

    private final int atOnce;
    private final Deque<Step> single = new ArrayDeque<>();
    private final Deque<Step> few = new ArrayDeque<>();
    private final Deque<Step> many = new ArrayDeque<>();

    private record Step(int tokens, double seconds) {}

    private record Line(double base, double perToken) {

        double at(int tokens) {
            return base + perToken * tokens;
        }
    }

    /** @param atOnce tokens that a step of many takes at a time */
    StepTimes(int atOnce) {
        this.atOnce = atOnce;
    }

    private int counted(int tokens) {
        return tokens < MANY ? tokens : Math.ceilDiv(tokens, atOnce) * atOnce;
    }

    /** A step of so many tokens is complete. */
    synchronized void learn(int tokens, double seconds) {
        Deque<Step> kind = tokens == 1 ? single : tokens < MANY ? few : many;
        kind.addLast(new Step(counted(tokens), seconds));
        if (kind.size() > KEPT) {
            kind.removeFirst();
        }
    }

    /** Of one token; empty before there was one. */
    synchronized OptionalDouble ofOne() {
        if (single.isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(median(single.stream().mapToDouble(Step::seconds)));
    }

    /**
     * Of reading so many tokens, with at most {@code most} in a step; empty if there was nothing like it yet.
     *
     * @param tokens at least 1
     */
    synchronized OptionalDouble ofPrompt(int tokens, int most) {
        double sum = 0;
        for (int left = tokens; left > 0; ) {
            int step = ReadAhead.step(left, most);
            OptionalDouble seconds = of(step);
            if (seconds.isEmpty()) {
                return seconds;
            }
            sum += seconds.getAsDouble();
            left -= step;
        }
        return OptionalDouble.of(sum);
    }

    /**
     * Whether {@link #ofPrompt} is better than the plan's price: a step of this kind was seen, and of many tokens one of an eighth as
     * many at least.
     */
    synchronized boolean know(int tokens, int most) {
        int step = ReadAhead.step(tokens, most);
        if (step >= MANY) {
            return many.stream().anyMatch(it -> FORESEEN * it.tokens() >= step);
        }
        return !(step == 1 ? single : few).isEmpty();
    }

    /** The tokens of the step that was seen and is most like that of so many; empty if there was none. */
    synchronized OptionalInt mostLike(int tokens, int most) {
        double step = ReadAhead.step(tokens, most);
        return Stream.of(single, few, many)
                .flatMap(Deque::stream)
                .min(Comparator.comparingDouble(it -> Math.abs(Math.log(it.tokens() / step))))
                .map(it -> OptionalInt.of(it.tokens()))
                .orElse(OptionalInt.empty());
    }

    private OptionalDouble of(int tokens) {
        if (tokens == 1 && !single.isEmpty()) {
            return ofOne();
        }
        if (tokens < MANY && !few.isEmpty()) {
            return OptionalDouble.of(line(few).at(tokens));
        }
        if (many.isEmpty()) {
            return OptionalDouble.empty();
        }
        Line line = line(many);
        double fewest = line.at(counted(MANY));
        if (tokens >= MANY) {
            return OptionalDouble.of(line.at(counted(tokens)));
        }
        double one = Math.min(fewest, ofOne().orElse(fewest)); // between the two kinds
        return OptionalDouble.of(one + (fewest - one) * (tokens - 1) / (MANY - 1));
    }

    /**
     * A line through steps, without negative parts. Its slope is the median of those between any two steps (Theil and Sen), so that a
     * few steps that were held up do not count.
     */
    private Line line(Deque<Step> steps) {
        double[] slopes = steps.stream()
                .flatMap(one -> steps.stream()
                        .filter(other ->
                                other.tokens() >= SPREAD * one.tokens() && other.tokens() - one.tokens() >= LEAST_APART)
                        .map(other -> (other.seconds() - one.seconds()) / (other.tokens() - one.tokens())))
                .mapToDouble(it -> it)
                .toArray();
        double most = median(steps.stream().mapToDouble(it -> it.seconds() / it.tokens()));
        if (slopes.length == 0) {
            double tokens = median(steps.stream().mapToDouble(Step::tokens));
            double usual = tokens < MANY ? 0 : most * tokens * BASE_TOKENS / (BASE_TOKENS + tokens);
            double base = Math.min(Math.max(usual, ofOne().orElse(0)), most * tokens);
            return new Line(base, most - base / tokens);
        }
        double perToken = Math.clamp(median(Arrays.stream(slopes)), 0, most);
        return new Line(
                Math.max(0, median(steps.stream().mapToDouble(it -> it.seconds() - perToken * it.tokens()))), perToken);
    }

    /** Of an even number the lower one in the middle: steps are held up by other programs, and never hurried. */
    private static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        return sorted[(sorted.length - 1) / 2];
    }
}
