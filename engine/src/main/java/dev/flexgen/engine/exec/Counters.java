package dev.flexgen.engine.exec;

/**
 * What an engine has computed since it was opened.
 *
 * @param prefillTokens tokens taken through the model as given text
 * @param decodeTokens tokens taken through it as generated ones
 * @param steps passes over the weights
 */
public record Counters(long prefillTokens, long decodeTokens, long steps) {}
