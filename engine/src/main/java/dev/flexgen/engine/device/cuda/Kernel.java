package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.tensor.DType;
import java.util.Arrays;

/** A kernel in all element types, each looked up when it is first launched. Owned by the thread that owns the device. */
final class Kernel {

    private static final int UNKNOWN = -1;

    private final KernelLauncher launcher;
    private final String name;
    private final int threads;
    private final int sharedBytes;
    private final int[] handles = new int[DType.values().length];

    /**
     * @param name without the element type: "up_1"
     * @param threads of a block, at most
     * @param sharedBytes of dynamic shared memory, at most
     */
    Kernel(KernelLauncher launcher, String name, int threads, int sharedBytes) {
        this.launcher = launcher;
        this.name = name;
        this.threads = threads;
        this.sharedBytes = sharedBytes;
        Arrays.fill(handles, UNKNOWN);
    }

    void launch(DType dtype, int gridX, int gridY, int gridZ, KernelArguments arguments) {
        launch(dtype, gridX, gridY, gridZ, threads, sharedBytes, arguments);
    }

    void launch(DType dtype, int gridX, int gridY, int gridZ, int blockX, int shared, KernelArguments arguments) {
        int handle = handles[dtype.ordinal()];
        if (handle == UNKNOWN) {
            handle = launcher.kernel(name + "_" + KernelSource.suffix(dtype), sharedBytes);
            handles[dtype.ordinal()] = handle;
        }
        launcher.launch(handle, gridX, gridY, gridZ, blockX, shared, arguments);
    }
}
