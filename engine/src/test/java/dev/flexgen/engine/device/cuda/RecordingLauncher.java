package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Writes down what would be launched, and checks what a driver would refuse. */
final class RecordingLauncher implements KernelLauncher {

    private static final int MAX_GRID_Y_Z = 65535;
    private static final int KV_BYTES = 2216;

    private final int computeCapability;
    private final List<String> names = new ArrayList<>();
    private final List<Integer> sharedBytes = new ArrayList<>();

    /** In order. */
    final List<Launch> launches = new ArrayList<>();

    /** The {@code Kv} of each launch of split attention, as numbers of 32 bits. */
    final List<int[]> kvs = new ArrayList<>();

    record Launch(String kernel, int gridX, int gridY, int gridZ) {}

    RecordingLauncher(int computeCapability) {
        this.computeCapability = computeCapability;
    }

    @Override
    public int computeCapability() {
        return computeCapability;
    }

    @Override
    public int multiprocessors() {
        return 40;
    }

    @Override
    public int kernel(String name, int shared) {
        names.add(name);
        sharedBytes.add(shared);
        return names.size() - 1;
    }

    @Override
    @SuppressWarnings("restricted") // to see what a kernel would see
    public void launch(int kernel, int gridX, int gridY, int gridZ, int blockX, int shared, KernelArguments arguments) {
        String name = names.get(kernel);
        assertThat(gridX).as(name).isPositive();
        assertThat(gridY).as(name).isBetween(1, MAX_GRID_Y_Z);
        assertThat(gridZ).as(name).isBetween(1, MAX_GRID_Y_Z);
        assertThat(blockX).as(name).isBetween(32, 1024);
        assertThat(shared).as(name).isBetween(0, Math.min(sharedBytes.get(kernel), mostSharedBytes()));
        assertThat(arguments.count()).as(name).isPositive();
        launches.add(new Launch(name, gridX, gridY, gridZ));
        if (name.startsWith("attend_")) {
            long last = arguments.pointers().getAtIndex(ValueLayout.JAVA_LONG, arguments.count() - 1L);
            kvs.add(MemorySegment.ofAddress(last).reinterpret(KV_BYTES).toArray(ValueLayout.JAVA_INT));
        }
    }

    private int mostSharedBytes() {
        return computeCapability >= 90 ? 227 << 10 : computeCapability >= 80 ? 99 << 10 : 64 << 10;
    }

    List<String> kernels() {
        return launches.stream().map(Launch::kernel).toList();
    }
}
