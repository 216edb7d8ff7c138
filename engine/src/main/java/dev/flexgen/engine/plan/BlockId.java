package dev.flexgen.engine.plan;

/**
 * Names the weights of one shard of a plan.
 *
 * @param layer from 0 on; the number of layers for the output head, which comes behind them
 * @param shard index in the plan's list of this component
 */
public record BlockId(int layer, Component component, int shard) {}
