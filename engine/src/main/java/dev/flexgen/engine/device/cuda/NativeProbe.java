package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.UnpackedFiles;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.cuda.DriverReport.Gpu;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.SizeTPointer;

/** Loads CUDA's libraries and asks the driver what there is. The only place where loading them can fail. */
final class NativeProbe {

    /** For JavaCPP's libraries and the CUDA runtime. */
    private static final long ROOM_BYTES = 16L << 20;

    private NativeProbe() {}

    /**
     * Asks.
     *
     * @param unpacked folder into which JavaCPP unpacks its libraries
     * @param libraries where CUDA's own may lie
     */
    static DriverReport probe(Path unpacked, CudaLibraries libraries) {
        try {
            Path folder = UnpackedFiles.folder(unpacked, ROOM_BYTES);
            BindingsCache.removeDamaged(folder);
            configure(folder);
        } catch (IOException e) {
            return DriverReport.notLoaded("there is no place for them: " + e.getMessage());
        }
        try {
            if (!bundled("jnicudart.so")) {
                return DriverReport.notLoaded(DriverReport.NO_BINDINGS + Loader.getPlatform());
            }
            if (!bundled("cudart.so.13")) {
                libraries.load("libcudart.so.13");
            }
            return ask(libraries);
        } catch (LinkageError | EngineException e) { // the compiler's library may be there and still not answer
            return DriverReport.notLoaded(rootMessage(e));
        }
    }

    /** JavaCPP takes its settings from system properties alone, when its first class is loaded. */
    private static void configure(Path unpacked) {
        // Below the home folder otherwise; nothing is written outside our own.
        System.setProperty("org.bytedeco.javacpp.cachedir", unpacked.toString());
        // It would refuse any allocation of a process larger than twice the Java heap. Ours holds the weights beside
        // the heap.
        System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxbytes", "0");
    }

    /** Whether it is on the class path, from which JavaCPP would load it. */
    static boolean bundled(String library) {
        return NativeProbe.class.getResource("/org/bytedeco/cuda/" + Loader.getPlatform() + "/lib" + library) != null;
    }

    private static DriverReport ask(CudaLibraries libraries) {
        int code = cudart.cuInit(0);
        int[] version = new int[1];
        cudart.cuDriverGetVersion(version);
        if (code != cudart.CUDA_SUCCESS) {
            return DriverReport.notInitialised(code, Driver.describe(code), version[0]);
        }
        if (version[0] < Detection.CUDA_13) {
            return DriverReport.notInitialised(code, "", version[0]);
        }
        List<Gpu> gpus = gpus();
        if (!gpus.stream().allMatch(gpu -> ShippedKernels.cover(gpu.capability()))) {
            Nvrtc.load(libraries);
        }
        return new DriverReport("", "", 0, version[0], gpus);
    }

    private static String rootMessage(Throwable e) {
        StringBuilder messages = new StringBuilder();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            messages.append(messages.isEmpty() ? "" : ": ").append(cause.getMessage());
        }
        return messages.toString();
    }

    private static List<Gpu> gpus() {
        int[] count = new int[1];
        cudart.cuDeviceGetCount(count);
        List<Gpu> gpus = new ArrayList<>();
        for (int i = 0; i < count[0]; i++) {
            byte[] name = new byte[256];
            int[] major = new int[1];
            int[] minor = new int[1];
            try (SizeTPointer total = new SizeTPointer(1)) {
                cudart.cuDeviceGetName(name, name.length, i);
                cudart.cuDeviceTotalMem(total, i);
                cudart.cuDeviceGetAttribute(major, cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, i);
                cudart.cuDeviceGetAttribute(minor, cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, i);
                gpus.add(new Gpu(i, text(name), total.get(), 10 * major[0] + minor[0]));
            }
        }
        return gpus;
    }

    private static String text(byte[] zeroEnded) {
        int end = 0;
        while (end < zeroEnded.length && zeroEnded[end] != 0) {
            end++;
        }
        return new String(zeroEnded, 0, end, StandardCharsets.UTF_8);
    }
}
