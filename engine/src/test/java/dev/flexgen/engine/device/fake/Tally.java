package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.device.fake.Statistics.Traffic;
import java.util.EnumMap;
import java.util.Map;

/** Counts what {@link Statistics} shows. Thread-safe. */
final class Tally {

    private final Map<StreamRole, Traffic> lanes = new EnumMap<>(StreamRole.class);
    private final Map<Faults.Kind, Integer> calls = new EnumMap<>(Faults.Kind.class);
    private int streamJoins;
    private int pageableCopies;
    private int operations;
    private int openEvents;

    /** Numbers the calls of each kind, from 1. */
    synchronized Faults.Call call(Faults.Kind kind, String name) {
        return new Faults.Call(kind, calls.merge(kind, 1, Integer::sum), name);
    }

    synchronized void uploaded(StreamRole lane, long bytes) {
        lanes.merge(lane, new Traffic(bytes, 0, 0), Traffic::plus);
    }

    synchronized void downloaded(StreamRole lane, long bytes) {
        lanes.merge(lane, new Traffic(0, bytes, 0), Traffic::plus);
    }

    synchronized void busy(StreamRole lane, long nanos) {
        lanes.merge(lane, new Traffic(0, 0, nanos), Traffic::plus);
    }

    synchronized void streamJoin() {
        streamJoins++;
    }

    synchronized void pageableCopy() {
        pageableCopies++;
    }

    synchronized void operation() {
        operations++;
    }

    synchronized void eventOpened() {
        openEvents++;
    }

    synchronized void eventClosed() {
        openEvents--;
    }

    synchronized Statistics statistics(long peakBytes, long nanos) {
        return new Statistics(Map.copyOf(lanes), streamJoins, pageableCopies, operations, peakBytes, openEvents, nanos);
    }
}
