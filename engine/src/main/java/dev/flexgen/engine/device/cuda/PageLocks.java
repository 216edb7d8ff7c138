package dev.flexgen.engine.device.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Host memory that GPUs copy and read by themselves, whichever of them locked it: the driver maps locked pages for all. GPUs that are
 * opened for one machine share one. Any thread.
 */
final class PageLocks {

    private final NavigableMap<Long, Long> ends = new ConcurrentSkipListMap<>();

    /** From now on, these pages are locked. */
    void add(long start, long bytes) {
        ends.put(start, start + bytes);
    }

    /** What was added at this address is locked no longer. */
    void remove(long start) {
        ends.remove(start);
    }

    /** Whether all of it is part of one piece that was added. */
    boolean cover(MemorySegment host) {
        Map.Entry<Long, Long> block = ends.floorEntry(host.address());
        return block != null && host.address() + host.byteSize() <= block.getValue();
    }
}
