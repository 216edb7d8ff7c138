package dev.flexgen.engine.plan;

/**
 * What a plan may use.
 *
 * @param gpuBytes free on the GPU, context and library workspaces already taken off
 * @param gpuUnit the GPU's memory is taken in multiples of so many bytes
 * @param hostBytes free in host memory
 * @param disk whether what fits neither may lie on disk
 */
public record Budget(long gpuBytes, long gpuUnit, long hostBytes, boolean disk) {}
