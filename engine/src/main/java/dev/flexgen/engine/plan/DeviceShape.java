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

    /** A GPU that takes memory in multiples of {@code unit} bytes; what is smaller than half of one shares it. */
    public static DeviceShape gpu(long unit) {
        return new DeviceShape(Tier.GPU, unit == 1 ? AllocationPolicy.EXACT : new AllocationPolicy(unit, unit / 2));
    }

    /** The processor. */
    public static final DeviceShape PROCESSOR = new DeviceShape(Tier.HOST, AllocationPolicy.EXACT);
}
