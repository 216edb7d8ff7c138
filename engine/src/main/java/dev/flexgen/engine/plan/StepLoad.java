package dev.flexgen.engine.plan;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** What a part of a step asks of each device, in seconds, and of buses and disk, in bytes. Devices are numbered as in the plan. */
final class StepLoad {

    /** Of each GPU. */
    final double[] gpu;

    /** Seconds in which some GPU works: in halves of layers that they share, those of the slowest. */
    double someGpu;

    double gpuBytes;
    double processor;
    double processorBytes;

    /** Over the bus of each GPU, ahead of use. */
    final double[] streamed;

    /** Blocks of weights in {@link #streamed}. */
    final int[] blocks;

    /** Over the bus of each GPU, when they are used. */
    final double[] mapped;

    /** From disk, ahead of use. */
    double disk;

    /** From disk when each GPU uses it. */
    final double[] gpusDisk;

    /** From disk when the processor uses it. */
    double processorsDisk;

    StepLoad(int devices) {
        gpu = new double[devices];
        streamed = new double[devices];
        blocks = new int[devices];
        mapped = new double[devices];
        gpusDisk = new double[devices];
    }

    /** Ends one half of a layer. */
    void meet() {
        someGpu = Arrays.stream(gpu).max().orElse(0);
    }

    void add(StepLoad other, int times) {
        someGpu += times * other.someGpu;
        gpuBytes += times * other.gpuBytes;
        processor += times * other.processor;
        processorBytes += times * other.processorBytes;
        disk += times * other.disk;
        processorsDisk += times * other.processorsDisk;
        for (int i = 0; i < gpu.length; i++) {
            gpu[i] += times * other.gpu[i];
            streamed[i] += times * other.streamed[i];
            blocks[i] += times * other.blocks[i];
            mapped[i] += times * other.mapped[i];
            gpusDisk[i] += times * other.gpusDisk[i];
        }
    }

    /** Over the bus of a GPU in all. */
    double bus(int device) {
        return streamed[device] + mapped[device];
    }

    /** Over all buses. */
    double buses() {
        return DoubleStream.concat(Arrays.stream(streamed), Arrays.stream(mapped))
                .sum();
    }

    /** From the disk in all. */
    double disks() {
        return disk + processorsDisk + Arrays.stream(gpusDisk).sum();
    }
}
