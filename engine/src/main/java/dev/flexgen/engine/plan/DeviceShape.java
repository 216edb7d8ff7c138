package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.AllocationPolicy;
import dev.flexgen.engine.memory.Tier;

/**
 * What planning has to know of a device.
 *
 * @param tier on which it computes
 * @param policy by which it takes memory there
 */
public record DeviceShape(Tier tier, AllocationPolicy policy) {

    /** The processor. */
    public static final DeviceShape PROCESSOR = new DeviceShape(Tier.HOST, AllocationPolicy.EXACT);
}
