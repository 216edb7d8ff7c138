package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A kernel for all encodings, each looked up when it is first launched. Owned by the thread that owns the device. */
final class Kernel {

    private final KernelLauncher launcher;
    private final String name;
    private final int threads;
    private final int sharedBytes;
    private final Map<Encoding, Integer> handles = new HashMap<>();

    /**
     * @param name without the encoding: "up_1"
     * @param threads of a block, at most
     * @param sharedBytes of dynamic shared memory, at most
     */
    Kernel(KernelLauncher launcher, String name, int threads, int sharedBytes) {
        this.launcher = launcher;
        this.name = name;
        this.threads = threads;
        this.sharedBytes = sharedBytes;
    }

    void launch(DType dtype, int gridX, int gridY, int gridZ, KernelArguments arguments) {
        launch(Encoding.of(dtype), gridX, gridY, gridZ, threads, sharedBytes, arguments);
    }

    void launch(Encoding encoding, int gridX, int gridY, int gridZ, KernelArguments arguments) {
        launch(encoding, gridX, gridY, gridZ, threads, sharedBytes, arguments);
    }

    void launch(DType dtype, int gridX, int gridY, int gridZ, int blockX, int shared, KernelArguments arguments) {
        launch(Encoding.of(dtype), gridX, gridY, gridZ, blockX, shared, arguments);
    }

    void launch(Encoding encoding, int gridX, int gridY, int gridZ, int blockX, int shared, KernelArguments arguments) {
        @Nullable Integer handle = handles.get(encoding);
        if (handle == null) {
            handle = launcher.kernel(name + "_" + encoding.name(), sharedBytes);
            handles.put(encoding, handle);
        }
        launcher.launch(handle, gridX, gridY, gridZ, blockX, shared, arguments);
    }
}
