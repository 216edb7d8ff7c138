package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;

/**
 * What a plan may use.
 *
 * @param gpuBytes free on the GPU, context and library workspaces already taken off
 * @param gpuUnit the GPU's memory is taken in multiples of so many bytes
 * @param hostBytes free in host memory
 * @param disk whether what fits neither may lie on disk
 * @param hostCapped whether the user's limit leaves less host memory than there is
 */
public record Budget(long gpuBytes, long gpuUnit, long hostBytes, boolean disk, boolean hostCapped) {

    /** For weights that are in a file already, which is where they can stay. */
    public Budget withDisk() {
        return new Budget(gpuBytes, gpuUnit, hostBytes, true, hostCapped);
    }

    /** What is left when something takes that. */
    public Budget without(Footprint taken) {
        return new Budget(
                gpuBytes - taken.bytes(Tier.GPU), gpuUnit, hostBytes - taken.bytes(Tier.HOST), disk, hostCapped);
    }

    /** Of a machine whose host memory nobody has limited. */
    public Budget(long gpuBytes, long gpuUnit, long hostBytes, boolean disk) {
        this(gpuBytes, gpuUnit, hostBytes, disk, false);
    }
}
