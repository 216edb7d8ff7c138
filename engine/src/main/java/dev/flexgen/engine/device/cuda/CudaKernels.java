package dev.flexgen.engine.device.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUlaunchAttribute;
import org.bytedeco.cuda.cudart.CUlaunchAttributeValue;
import org.bytedeco.cuda.cudart.CUlaunchConfig;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** The kernels of one GPU: compiled once and for all, loaded when first asked for, started on one stream. */
final class CudaKernels implements KernelLauncher {

    /** The driver allows 48 KiB unasked, of which a kernel's fixed share has to come off. */
    private static final int DEFAULT_SHARED_BYTES = 32 << 10;

    private final Driver driver;
    private final CudaStream stream;
    private final KernelCode code;
    private final int capability;
    private final int multiprocessors;

    /** Whether a kernel may begin before the one before it has ended: see {@code afterEarlierKernels} in common.cuh. */
    private final boolean early;

    private final CUlaunchConfig config = new CUlaunchConfig();
    private final CUlaunchAttribute attribute = new CUlaunchAttribute();
    private final CUlaunchAttributeValue overlap = attribute.value();
    private final Map<String, CUmod_st> modules = new HashMap<>();
    private final List<CUfunc_st> kernels = new ArrayList<>();
    private final Map<KernelArguments, PointerPointer<?>> argumentPointers = new HashMap<>();

    CudaKernels(Driver driver, CudaStream stream, CubinCache cache) {
        this.driver = driver;
        this.stream = stream;
        this.capability = 10 * driver.attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + driver.attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        this.code = KernelCode.forGpu(cache, capability);
        this.early = capability >= 90;
        attribute.id(cudart.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
        config.blockDimY(1).blockDimZ(1).hStream(stream.handle());
        config.attrs(attribute).numAttrs(early ? 1 : 0);
        this.multiprocessors = driver.attribute(cudart.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    }

    @Override
    public int computeCapability() {
        return capability;
    }

    @Override
    public int multiprocessors() {
        return multiprocessors;
    }

    @Override
    public int kernel(String name, int sharedBytes) {
        return kernel(KernelSource.holding(name), name, sharedBytes);
    }

    /** As {@link #kernel(String, int)}, from a source of the caller's. */
    int kernel(KernelSource source, String name, int sharedBytes) {
        driver.use();
        CUmod_st module = modules.get(source.unit());
        if (module == null) {
            module = load(source);
            modules.put(source.unit(), module);
        }
        CUfunc_st function = new CUfunc_st();
        driver.check("cuModuleGetFunction " + name, cudart.cuModuleGetFunction(function, module, name));
        if (sharedBytes > DEFAULT_SHARED_BYTES) {
            driver.check(
                    "cuFuncSetAttribute " + name,
                    cudart.cuFuncSetAttribute(
                            function, cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
        }
        kernels.add(function);
        return kernels.size() - 1;
    }

    private CUmod_st load(KernelSource source) {
        CUmod_st module = new CUmod_st();
        try (BytePointer image = new BytePointer(code.of(source))) {
            driver.check("cuModuleLoadData " + source.unit(), cudart.cuModuleLoadData(module, image));
        }
        return module;
    }

    @Override
    public void launch(
            int kernel, int gridX, int gridY, int gridZ, int blockX, int sharedBytes, KernelArguments arguments) {
        PointerPointer<?> pointers = pointers(arguments);
        driver.use();
        overlap.programmaticStreamSerializationAllowed(early && stream.endsWithKernel() ? 1 : 0);
        config.gridDimX(gridX).gridDimY(gridY).gridDimZ(gridZ);
        config.blockDimX(blockX).sharedMemBytes(sharedBytes);
        int code = cudart.cuLaunchKernelEx(config, kernels.get(kernel), pointers, null);
        if (code != cudart.CUDA_SUCCESS) {
            driver.check("cuLaunchKernelEx", code);
        }
        stream.kernelLaunched();
    }

    /** Starts a kernel on another stream than its own. */
    void launch(CudaStream other, int kernel, int gridX, int blockX, KernelArguments arguments) {
        PointerPointer<?> pointers = pointers(arguments);
        driver.use();
        driver.check(
                "cuLaunchKernel",
                cudart.cuLaunchKernel(
                        kernels.get(kernel), gridX, 1, 1, blockX, 1, 1, 0, other.handle(), pointers, null));
    }

    private PointerPointer<?> pointers(KernelArguments arguments) {
        return argumentPointers.computeIfAbsent(arguments, it -> new PointerPointer<>(new Address().of(it.pointers())));
    }

    /** After all work is done. */
    void close() {
        cudart.cuCtxSetCurrent(driver.context());
        config.close();
        attribute.close();
        modules.values().forEach(cudart::cuModuleUnload); // an earlier failure of the context has been reported
        modules.clear();
    }
}
