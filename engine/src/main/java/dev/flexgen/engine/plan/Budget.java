package dev.flexgen.engine.plan;

/**
 * What a plan may use.
 *
 * @param gpuBytes free on the GPU, context and library workspaces already taken off
 * @param hostBytes free in host memory
 * @param disk whether what fits neither may lie on disk
 */
public record Budget(long gpuBytes, long hostBytes, boolean disk) {}
