package dev.flexgen.engine.model;

import java.util.Optional;

/**
 * What makes rows of token ids.
 *
 * @param vocabulary rows (V)
 * @param width of a row (P); where it differs from the residual stream's, projections join the two
 * @param norm of the rows, before the first layer
 */
public record TokenTable(int vocabulary, int width, Optional<NormSpec> norm) {}
