package dev.flexgen.engine.transfer;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a device the experts that tokens have chosen, one after the other, into a few slots that take turns: the next are on their
 * way while a GPU multiplies with the last. They are taken in the order in which they were asked for. Owned by the engine's thread,
 * which waits for the disk.
 */
public final class ExpertFetcher implements AutoCloseable {

    /** In use, arriving, and one that need not be waited for. */
    public static final int SLOTS = 3;

    private record Slot(MemorySegment memory, Event arrived, Event used) {}

    private final Device device;
    private final WeightUploader uploader;
    private final Resources resources = new Resources();
    private final List<Slot> slots = new ArrayList<>();
    private int nextAsked;
    private int nextTaken;
    private int underWay;

    /**
     * Takes memory.
     *
     * @param slotBytes of the largest expert
     * @param uploader brings them; closed with this
     */
    public ExpertFetcher(Device device, long slotBytes, WeightUploader uploader) {
        this.device = device;
        this.uploader = uploader;
        try {
            Buffer ring = resources.keep(device.allocate("experts on demand", SLOTS * slotBytes));
            for (int i = 0; i < SLOTS; i++) {
                MemorySegment memory = ring.segment().asSlice(i * slotBytes, slotBytes);
                slots.add(new Slot(memory, resources.keep(device.event()), resources.keep(device.event())));
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** A layer begins. What a layer that failed has left behind is forgotten. */
    public void begin() {
        nextTaken = nextAsked;
        underWay = 0;
    }

    /** Whether {@link #ask} is possible before the next {@link #done}. */
    public boolean hasFreeSlot() {
        return underWay < SLOTS;
    }

    /**
     * Asks for an expert.
     *
     * @param pieces of it that are wanted
     * @return where it will be: pieces have their place in the whole
     */
    public MemorySegment ask(WeightLocation expert, List<ExpertsLayout.Piece> pieces) {
        if (!hasFreeSlot()) {
            throw new IllegalStateException("no slot is free for an expert");
        }
        Slot slot = slots.get(nextAsked);
        device.stream(StreamRole.WEIGHTS_IN).await(slot.used());
        for (ExpertsLayout.Piece piece : pieces) {
            uploader.bring(
                    expert.slice(piece.at(), piece.bytes()), slot.memory().asSlice(piece.at(), piece.bytes()));
        }
        device.stream(StreamRole.WEIGHTS_IN).record(slot.arrived());
        nextAsked = (nextAsked + 1) % SLOTS;
        underWay++;
        return slot.memory();
    }

    /** Operations asked for from now on wait for the next expert; {@link #done} follows. */
    public void take() {
        device.stream(StreamRole.COMPUTE).await(slots.get(nextTaken).arrived());
    }

    /** The operations that use the expert have been asked for. */
    public void done() {
        device.stream(StreamRole.COMPUTE).record(slots.get(nextTaken).used());
        nextTaken = (nextTaken + 1) % SLOTS;
        underWay--;
    }

    @Override
    public void close() {
        try {
            uploader.close();
        } finally {
            resources.close();
        }
    }
}
