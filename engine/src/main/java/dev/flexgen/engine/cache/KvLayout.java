package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Which device holds the keys and values of which heads.
 *
 * @param encoding of the keys and values, whatever that of the weights
 * @param headDim width of one head
 * @param layers for each layer its shards, in order of heads
 */
public record KvLayout(KvEncoding encoding, int headDim, List<List<Slot>> layers) {

    /** Layers that share a page: few enough that a page can be moved while the layers before it are computed. */
    static final int LAYERS_PER_PAGE = 4;

    /** The KV of {@code heads} consecutive heads, on the device that attends over them. */
    public record Slot(Device device, int heads) {}

    public KvLayout {
        layers = layers.stream().map(List::copyOf).toList();
        if (encoding.sealed() != null && encoding.sealed().tokens() != KvPage.TOKENS) {
            throw new IllegalArgumentException("pages of " + encoding.sealed().tokens() + " positions");
        }
    }

    /** What a file of these keys and values is of, whichever devices hold them. */
    String fileKey(String weights) {
        String heads = layers.stream()
                .map(layer ->
                        String.valueOf(layer.stream().mapToInt(Slot::heads).sum()))
                .distinct()
                .collect(Collectors.joining("/"));
        return weights + " kv " + encoding.open().name() + "/" + encoding.name() + " " + layers.size() + "x" + heads
                + "x" + headDim;
    }

    /** Whether full pages are sealed. */
    boolean seals() {
        return encoding.sealed() != null;
    }

    /** Bytes of the keys of one slot in one page. */
    long keyBytes(PageForm form, Slot slot) {
        return switch (form) {
            case OPEN -> openBytes(slot);
            case SEALED -> (long) slot.heads() * format().keyBytes(headDim);
        };
    }

    /** Bytes of the values of one slot in one page. */
    long valueBytes(PageForm form, Slot slot) {
        return switch (form) {
            case OPEN -> openBytes(slot);
            case SEALED -> (long) slot.heads() * format().valueBytes(headDim);
        };
    }

    private long openBytes(Slot slot) {
        return encoding.open().bytes((long) slot.heads() * KvPage.TOKENS, headDim);
    }

    private PageFormat format() {
        return Objects.requireNonNull(encoding.sealed());
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
