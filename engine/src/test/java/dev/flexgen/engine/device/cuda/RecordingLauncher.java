package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** Writes down what would be launched, and checks what a driver would refuse. */
final class RecordingLauncher implements KernelLauncher {

    private static final int MAX_GRID_Y_Z = 65535;

    private final int computeCapability;
    private final List<String> names = new ArrayList<>();
    private final List<Integer> sharedBytes = new ArrayList<>();

    /** In order. */
    final List<Launch> launches = new ArrayList<>();

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
    public void launch(int kernel, int gridX, int gridY, int gridZ, int blockX, int shared, KernelArguments arguments) {
        String name = names.get(kernel);
        assertThat(gridX).as(name).isPositive();
        assertThat(gridY).as(name).isBetween(1, MAX_GRID_Y_Z);
        assertThat(gridZ).as(name).isBetween(1, MAX_GRID_Y_Z);
        assertThat(blockX).as(name).isBetween(32, 1024);
        assertThat(shared).as(name).isBetween(0, Math.min(sharedBytes.get(kernel), 64 << 10));
        assertThat(arguments.count()).as(name).isPositive();
        launches.add(new Launch(name, gridX, gridY, gridZ));
    }

    List<String> kernels() {
        return launches.stream().map(Launch::kernel).toList();
    }
}
