package dev.flexgen.engine.base;

import java.util.concurrent.atomic.LongAdder;

/**
 * What a machine does at this moment and what it has moved so far, for whoever watches. Counters only grow. The engine's threads
 * write it, any thread may read it at any time; two numbers that are read one after the other need not belong together.
 */
public final class Activity {

    private final LongAdder loaded = new LongAdder();
    private final LongAdder diskBytes = new LongAdder();
    private final LongAdder busBytes = new LongAdder();
    private final LongAdder neurons = new LongAdder();
    private final LongAdder activeNeurons = new LongAdder();
    private volatile long toLoad;
    private volatile long rows;
    private volatile long steps;
    private volatile Step step = Step.NONE;

    /**
     * The step that runs.
     *
     * @param rows new tokens in it; 0 if none runs
     * @param layer the layer that is computed, counted from 0
     * @param layers of the model
     */
    public record Step(int rows, int layer, int layers) {
        public static final Step NONE = new Step(0, 0, 0);
    }

    /**
     * All of it at one moment.
     *
     * @param loadedBytes of weights, of all models that were opened
     * @param toLoadBytes that these have together
     * @param rows tokens taken through a model, in steps that are complete
     * @param steps complete
     * @param diskBytes of weights read from a disk to compute with them
     * @param busBytes of weights sent to a GPU to compute with them
     * @param neurons whose rows would have been read if none were left out
     * @param activeNeurons whose rows were read
     */
    public record Now(
            long loadedBytes,
            long toLoadBytes,
            Step step,
            long rows,
            long steps,
            long diskBytes,
            long busBytes,
            long neurons,
            long activeNeurons) {

        public static final Now NOTHING = new Now(0, 0, Step.NONE, 0, 0, 0, 0, 0, 0);
    }

    public Now now() {
        return new Now(
                loaded.sum(),
                toLoad,
                step,
                rows,
                steps,
                diskBytes.sum(),
                busBytes.sum(),
                neurons.sum(),
                activeNeurons.sum());
    }

    /** A model of so many bytes will be loaded. For the engine's thread. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    public void willLoad(long bytes) {
        toLoad += bytes;
    }

    /** So much of it is where it shall be. */
    public void loaded(long bytes) {
        loaded.add(bytes);
    }

    /** A step of so many tokens has come to this layer. For the engine's thread. */
    public void layer(int newTokens, int layer, int layers) {
        step = new Step(newTokens, layer, layers);
    }

    /** The step has ended. For the engine's thread. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    public void ended(boolean completed) {
        if (completed) {
            rows += step.rows();
            steps++;
        }
        step = Step.NONE;
    }

    /** Weights were read from a disk. */
    public void readFromDisk(long bytes) {
        diskBytes.add(bytes);
    }

    /** Weights were sent to a GPU. */
    public void sentToGpu(long bytes) {
        busBytes.add(bytes);
    }

    /** Of so many neurons, the rows of some were read. */
    public void readNeurons(long active, long all) {
        activeNeurons.add(active);
        neurons.add(all);
    }
}
