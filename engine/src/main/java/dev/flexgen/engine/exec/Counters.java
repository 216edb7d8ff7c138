package dev.flexgen.engine.exec;

/**
 * What a model has computed since it was opened.
 *
 * @param tokens taken through the model, given and generated ones
 * @param steps passes over the weights
 */
public record Counters(long tokens, long steps) {}
