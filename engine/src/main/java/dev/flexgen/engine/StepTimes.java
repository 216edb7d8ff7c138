package dev.flexgen.engine;

import dev.flexgen.engine.plan.Plan;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;

/**
 * How long the latest steps of a model took, and by these how long others will take. Steps of one token, of few and of many are
 * different work, so each kind has a line of its own: a base, which is mostly the weights, and a part for each token. Any thread.
 */
final class StepTimes {

    private static final int KEPT = 12;
    private static final int MANY = Plan.COMPUTE_BOUND_TOKENS;

    /** Steps that differ by less say nothing of what a token more costs. */
    private static final double SPREAD = 1.5;

    private final Deque<Step> single = new ArrayDeque<>();
    private final Deque<Step> few = new ArrayDeque<>();
    private final Deque<Step> many = new ArrayDeque<>();

    private record Step(int tokens, double seconds) {}

    private record Line(double base, double perToken) {

        double at(int tokens) {
            return base + perToken * tokens;
        }
    }

    /** A step of so many tokens is complete. */
    synchronized void learn(int tokens, double seconds) {
        Deque<Step> kind = tokens == 1 ? single : tokens < MANY ? few : many;
        kind.addLast(new Step(tokens, seconds));
        if (kind.size() > KEPT) {
            kind.removeFirst();
        }
    }

    /** Of one token; empty before there was one. */
    synchronized OptionalDouble ofOne() {
        if (single.isEmpty()) {
            return OptionalDouble.empty();
        }
        double[] sorted = single.stream().mapToDouble(Step::seconds).sorted().toArray();
        return OptionalDouble.of(sorted[sorted.length / 2]);
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
        double fewest = line.at(MANY);
        if (tokens >= MANY) {
            return OptionalDouble.of(line.at(tokens));
        }
        double one = Math.min(fewest, ofOne().orElse(fewest)); // between the two kinds
        return OptionalDouble.of(one + (fewest - one) * (tokens - 1) / (MANY - 1));
    }

    /** The line through steps that has the least squares of what it misses, without negative parts. */
    private Line line(Deque<Step> steps) {
        double n = steps.size();
        double tokens = steps.stream().mapToInt(Step::tokens).sum() / n;
        double seconds = steps.stream().mapToDouble(Step::seconds).sum() / n;
        int least = steps.stream().mapToInt(Step::tokens).min().orElseThrow();
        int most = steps.stream().mapToInt(Step::tokens).max().orElseThrow();
        if (most < SPREAD * least) {
            double base = Math.min(ofOne().orElse(0), seconds);
            return new Line(base, (seconds - base) / tokens);
        }
        double both = 0;
        double squares = 0;
        for (Step step : steps) {
            both += (step.tokens() - tokens) * (step.seconds() - seconds);
            squares += (step.tokens() - tokens) * (step.tokens() - tokens);
        }
        double perToken = Math.clamp(both / squares, 0, seconds / tokens);
        return new Line(seconds - perToken * tokens, perToken);
    }
}
