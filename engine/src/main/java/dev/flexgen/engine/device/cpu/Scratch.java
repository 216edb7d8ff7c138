package dev.flexgen.engine.device.cpu;

import java.lang.foreign.MemorySegment;

/**
 * A thread's working memory, reused from call to call: kernels compute on Java arrays, which the compiler reads and writes
 * without the checks that memory segments need. Contents are whatever the last user left.
 */
final class Scratch {

    private float[] first = new float[0];
    private float[] second = new float[0];
    private float[] third = new float[0];

    @SuppressWarnings("UnusedVariable") // written, or the compiler would drop the loads
    private int fetched;

    float[] first(int length) {
        if (first.length < length) {
            first = new float[length];
        }
        return first;
    }

    float[] second(int length) {
        if (second.length < length) {
            second = new float[length];
        }
        return second;
    }

    float[] third(int length) {
        if (third.length < length) {
            third = new float[length];
        }
        return third;
    }

    /**
     * Brings weights that are multiplied next into the cache, in one burst. A kernel that computes much with every line has few lines
     * under way at a time, and then waits for memory although it could keep up with it.
     */
    void fetch(MemorySegment weights, long from, long bytes) {
        fetched ^= MemoryReader.read(weights, from, (int) (bytes / MemoryReader.STEP * MemoryReader.STEP));
    }
}
