package dev.flexgen.engine.device.fake;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Which memory is of one kind. Thread-safe. */
final class AddressRanges {

    private final NavigableMap<Long, Long> ends = new TreeMap<>();

    synchronized void add(MemorySegment segment) {
        ends.put(segment.address(), segment.address() + segment.byteSize());
    }

    synchronized void remove(MemorySegment segment) {
        ends.remove(segment.address());
    }

    /** Whether all of {@code segment} lies in one of them. */
    synchronized boolean contain(MemorySegment segment) {
        Map.Entry<Long, Long> range = ends.floorEntry(segment.address());
        return segment.isNative() && range != null && segment.address() + segment.byteSize() <= range.getValue();
    }
}
