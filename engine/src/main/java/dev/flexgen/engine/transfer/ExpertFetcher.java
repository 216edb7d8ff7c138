package dev.flexgen.engine.transfer;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a device the experts that tokens have chosen, into a few groups of slots that take turns: the next are on their way while a
 * GPU multiplies with the last. Groups are taken in the order in which they were asked for. Owned by the engine's thread, which
 * waits for the disk.
 */
public final class ExpertFetcher implements AutoCloseable {

    /** In use, arriving, and one that need not be waited for. */
    public static final int GROUPS = 3;

    /** Experts of a group are computed together, but not before all have arrived: large ones come alone. */
    private static final long GROUP_BYTES = 48L << 20;

    private record Group(List<MemorySegment> slots, Event arrived, Event used) {}

    private final Device device;
    private final WeightUploader uploader;
    private final Resources resources = new Resources();
    private final List<Group> groups = new ArrayList<>();
    private final int groupSize;
    private int nextAsked;
    private int nextTaken;
    private int underWay;

    /**
     * Takes memory.
     *
     * @param slotBytes of the largest expert
     * @param chosen most experts that a token chooses: half of them, at most, come together
     * @param uploader brings them; closed with this
     */
    public ExpertFetcher(Device device, long slotBytes, int chosen, WeightUploader uploader) {
        this.device = device;
        this.uploader = uploader;
        this.groupSize = Math.clamp(GROUP_BYTES / slotBytes, 1, Math.ceilDiv(chosen, 2));
        try {
            Buffer ring = resources.keep(device.allocate("experts on demand", slotBytes * GROUPS * groupSize));
            long at = 0;
            for (int g = 0; g < GROUPS; g++) {
                List<MemorySegment> slots = new ArrayList<>();
                for (int i = 0; i < groupSize; i++) {
                    slots.add(ring.segment().asSlice(at, slotBytes));
                    at += slotBytes;
                }
                groups.add(new Group(slots, resources.keep(device.event()), resources.keep(device.event())));
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Most experts that are brought and used together. */
    public int groupSize() {
        return groupSize;
    }

    /** A layer begins. What a layer that failed has left behind is forgotten. */
    public void begin() {
        nextTaken = nextAsked;
        underWay = 0;
    }

    /** Whether {@link #ask} is possible before the next {@link #done}. */
    public boolean hasFreeGroup() {
        return underWay < GROUPS;
    }

    /**
     * Asks for a group.
     *
     * @param experts at most {@link #groupSize}
     * @return where each will be
     */
    public List<MemorySegment> ask(List<WeightLocation> experts) {
        if (!hasFreeGroup() || experts.size() > groupSize) {
            throw new IllegalStateException("no room for " + experts.size() + " experts");
        }
        Group group = groups.get(nextAsked);
        device.stream(StreamRole.WEIGHTS_IN).await(group.used());
        for (int i = 0; i < experts.size(); i++) {
            uploader.bring(experts.get(i), group.slots().get(i));
        }
        device.stream(StreamRole.WEIGHTS_IN).record(group.arrived());
        nextAsked = (nextAsked + 1) % GROUPS;
        underWay++;
        return group.slots().subList(0, experts.size());
    }

    /** Operations asked for from now on wait for the next group; {@link #done} follows. */
    public void take() {
        device.stream(StreamRole.COMPUTE).await(groups.get(nextTaken).arrived());
    }

    /** The operations that use the group have been asked for. */
    public void done() {
        device.stream(StreamRole.COMPUTE).record(groups.get(nextTaken).used());
        nextTaken = (nextTaken + 1) % GROUPS;
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
