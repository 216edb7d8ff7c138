package dev.flexgen.engine.plan;

/**
 * How fast a plan can decode at best.
 *
 * @param decodeTokensPerSecond bus arithmetic alone, without what starting operations costs
 * @param bound which part decides
 * @param bandwidths that it rests on
 */
public record ThroughputEstimate(double decodeTokensPerSecond, String bound, Bandwidths bandwidths) {}
