package dev.flexgen.engine.device;

import java.util.List;

/**
 * An expert and the rows of a step that chose it.
 *
 * @param projections gate, up
 * @param down one row per neuron // [neurons, E]
 * @param rows in ascending order; at least one
 * @param weights with which its results count, one for each of them
 */
public record RoutedExpert(List<Linear> projections, Matrix down, int[] rows, float[] weights) {}
