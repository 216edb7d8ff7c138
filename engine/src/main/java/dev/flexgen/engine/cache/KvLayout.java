package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;

/**
 * Which device holds the keys and values of which heads.
 *
 * @param encoding of the keys and values, whatever that of the weights
 * @param headDim width of one head
 * @param layers for each layer its shards, in order of heads
 */
public record KvLayout(Encoding encoding, int headDim, List<List<Slot>> layers) {

    /** Layers that share a page: few enough that a page can be moved while the layers before it are computed. */
    static final int LAYERS_PER_PAGE = 4;

    /** The KV of {@code heads} consecutive heads, on the device that attends over them. */
    public record Slot(Device device, int heads) {}

    public KvLayout {
        layers = layers.stream().map(List::copyOf).toList();
    }

    /** Bytes of the keys of one slot over {@code tokens} positions; its values take as many. */
    long bytes(Slot slot, int tokens) {
        return encoding.bytes((long) slot.heads() * tokens, headDim);
    }

    /** Devices that hold anything, each once. */
    List<Device> devices() {
        return layers.stream()
                .flatMap(List::stream)
                .map(Slot::device)
                .distinct()
                .toList();
    }
}
