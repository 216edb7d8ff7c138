package dev.flexgen.engine.model;

/**
 * The output head, from the residual stream to the vocabulary.
 *
 * @param tied whether the token table serves as head, by the config
 */
public record HeadSpec(boolean tied, Bias bias) {}
