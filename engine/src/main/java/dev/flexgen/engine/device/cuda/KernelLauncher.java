package dev.flexgen.engine.device.cuda;

/**
 * The kernels of one GPU, and its compute stream to start them on. Used by the thread that owns the device; a launch allocates
 * nothing.
 */
interface KernelLauncher {

    /** Ten times the major plus the minor number of the GPU's compute capability: 75, 86, 90. */
    int computeCapability();

    /** How many multiprocessors share the blocks of a grid. */
    int multiprocessors();

    /**
     * A handle for {@link #launch}. Compiles or loads the {@linkplain KernelSource#holding source} if none of its kernels was
     * asked for yet.
     *
     * @param name of an {@code extern "C"} kernel
     * @param sharedBytes the most dynamic shared memory that it will be launched with; above 48 KiB the driver must be told
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE if it cannot be compiled, or the GPU lacks the shared memory
     */
    int kernel(String name, int sharedBytes);

    /**
     * Starts a kernel behind all earlier work on the compute stream; blocks are one-dimensional.
     *
     * @param arguments read before this returns, so the caller may refill them at once
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE if the driver refuses it
     */
    void launch(int kernel, int gridX, int gridY, int gridZ, int blockX, int sharedBytes, KernelArguments arguments);
}
