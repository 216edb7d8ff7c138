package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a plan may use.
 *
 * @param gpus each on its own, in the order that plans mean
 * @param hostBytes free in host memory
 * @param disk whether what fits neither may lie on disk
 * @param hostCapped whether the user's limit leaves less host memory than there is
 */
public record Budget(List<Gpu> gpus, long hostBytes, boolean disk, boolean hostCapped) {

    /**
     * Of one GPU.
     *
     * @param bytes that are free, context and library workspaces already taken off
     * @param unit its memory is taken in multiples of so many bytes
     */
    public record Gpu(long bytes, long unit) {}

    public Budget {
        gpus = List.copyOf(gpus);
    }

    /** Of a machine whose host memory nobody has limited. */
    public Budget(List<Gpu> gpus, long hostBytes, boolean disk) {
        this(gpus, hostBytes, disk, false);
    }

    /** The devices that plans number: these GPUs, and the processor last. */
    public List<DeviceShape> devices() {
        return Stream.concat(gpus.stream().map(gpu -> DeviceShape.gpu(gpu.unit())), Stream.of(DeviceShape.PROCESSOR))
                .toList();
    }

    /** For weights that are in a file already, which is where they can stay. */
    public Budget withDisk() {
        return new Budget(gpus, hostBytes, true, hostCapped);
    }

    /** For the processor alone. */
    public Budget withoutGpus() {
        return new Budget(List.of(), hostBytes, disk, hostCapped);
    }

    /** What is left when something takes that, whose plan numbers the same devices. */
    public Budget without(Footprint taken) {
        List<Long> onGpus = IntStream.range(0, gpus.size())
                .mapToObj(i -> -taken.gpuPeaks().get(i))
                .toList();
        return more(onGpus).moreHost(-taken.bytes(Tier.HOST));
    }

    /** With so many bytes more of each GPU's memory. */
    public Budget moreOfEachGpu(long bytes) {
        return more(gpus.stream().map(_ -> bytes).toList());
    }

    private Budget more(List<Long> bytes) {
        List<Gpu> other = new ArrayList<>();
        for (int i = 0; i < gpus.size(); i++) {
            other.add(new Gpu(gpus.get(i).bytes() + bytes.get(i), gpus.get(i).unit()));
        }
        return new Budget(other, hostBytes, disk, hostCapped);
    }

    /** With so many bytes more of host memory. */
    public Budget moreHost(long bytes) {
        return new Budget(gpus, hostBytes + bytes, disk, hostCapped);
    }
}
