package dev.flexgen.engine.device;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.quant.Encoding;

/**
 * Checks before anything is loaded that a device has the kernels that a plan needs of it, so that no kernel meets an encoding it
 * does not know.
 */
public final class EncodingSupport {

    private EncodingSupport() {}

    /**
     * Refuses what {@code device} cannot do.
     *
     * @throws EngineException of kind PLACEMENT that names the device, the operation and the encoding
     */
    public static void require(Device device, Operation operation, Encoding encoding) {
        if (!device.supports(operation, encoding)) {
            String remedy = operation.isAttention()
                    ? "choose another --kv or another --device"
                    : "choose another --device, or the model in another encoding";
            throw EngineException.placement(device.name() + " cannot " + operation.on(encoding.name()) + "; " + remedy);
        }
    }
}
