package dev.flexgen.engine.plan;

/**
 * How fast a plan is expected to decode.
 *
 * @param decodeTokensPerSecond of one reply
 * @param bound which part decides, for people
 * @param diskAssumed whether a disk counts at a rate that nobody measured
 */
public record ThroughputEstimate(double decodeTokensPerSecond, String bound, boolean diskAssumed) {}
