package dev.flexgen.config;

/** What each number that chooses the next token may be: for settings and for the sampler alike, so that none is checked twice. */
public final class SamplingRanges {

    public static final DecimalRange TEMPERATURE = DecimalRange.closed(0, 10);

    public static final DecimalRange TOP_P = new DecimalRange(0, false, 1, true);

    public static final DecimalRange MIN_P = new DecimalRange(0, true, 1, false);

    public static final DecimalRange REPETITION_PENALTY = DecimalRange.closed(0.01, 10);

    private SamplingRanges() {}
}
