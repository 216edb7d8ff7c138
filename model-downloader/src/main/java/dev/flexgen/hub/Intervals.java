package dev.flexgen.hub;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which bytes of a file are finished: intervals that neither touch nor overlap. Not safe for threads by itself. */
final class Intervals {

    private final TreeMap<Long, Long> ends = new TreeMap<>();
    private long bytes;

    /** From the first byte to the one after the last. */
    record Interval(long from, long to) {
        long bytes() {
            return to - from;
        }
    }

    Intervals copy() {
        Intervals copy = new Intervals();
        copy.ends.putAll(ends);
        copy.bytes = bytes;
        return copy;
    }

    void add(long from, long to) {
        if (from >= to) {
            return;
        }
        long start = from;
        long end = to;
        Map.Entry<Long, Long> before = ends.floorEntry(from);
        if (before != null && before.getValue() >= from) {
            start = before.getKey();
            end = Math.max(end, before.getValue());
            bytes -= before.getValue() - before.getKey();
            ends.remove(before.getKey());
        }
        Map.Entry<Long, Long> next = ends.ceilingEntry(from);
        while (next != null && next.getKey() <= end) {
            end = Math.max(end, next.getValue());
            bytes -= next.getValue() - next.getKey();
            ends.remove(next.getKey());
            next = ends.ceilingEntry(from);
        }
        ends.put(start, end);
        bytes += end - start;
    }

    void clear() {
        ends.clear();
        bytes = 0;
    }

    long bytes() {
        return bytes;
    }

    /** The bytes from the beginning on that have no gap before them. */
    long prefix() {
        Long end = ends.get(0L);
        return end == null ? 0 : end;
    }

    /** What is missing of a file of that size, in pieces of at most {@code pieceBytes}, in order. */
    List<Interval> gaps(long size, long pieceBytes) {
        List<Interval> gaps = new ArrayList<>();
        long at = 0;
        for (Interval done : list()) {
            cut(at, done.from(), pieceBytes, gaps);
            at = done.to();
        }
        cut(at, size, pieceBytes, gaps);
        return gaps;
    }

    private static void cut(long from, long to, long pieceBytes, List<Interval> pieces) {
        for (long at = from; at < to; at += pieceBytes) {
            pieces.add(new Interval(at, Math.min(to, at + pieceBytes)));
        }
    }

    List<Interval> list() {
        return ends.entrySet().stream()
                .map(entry -> new Interval(entry.getKey(), entry.getValue()))
                .toList();
    }
}
