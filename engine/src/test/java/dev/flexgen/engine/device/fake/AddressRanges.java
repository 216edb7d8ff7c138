package dev.flexgen.engine.device.fake;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Remembers which addresses belong to one kind of memory. Thread-safe. */
final class AddressRanges {

    private final NavigableMap<Long, Long> ends = new TreeMap<>();

    synchronized void add(MemorySegment segment) {
        ends.put(segment.address(), segment.address() + segment.byteSize());
    }

    synchronized void remove(MemorySegment segment) {
        ends.remove(segment.address());
    }

    /** Whether one range holds all of {@code segment}. */
    synchronized boolean contain(MemorySegment segment) {
        Map.Entry<Long, Long> range = ends.floorEntry(segment.address());
        return segment.isNative() && range != null && segment.address() + segment.byteSize() <= range.getValue();
    }
}
