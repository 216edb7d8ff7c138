package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.cuda.DriverReport.Gpu;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;

/** Loads CUDA's libraries and asks the driver what there is. The only place where loading them can fail. */
final class NativeProbe {

    private NativeProbe() {}

    /** @param libraries folder into which native libraries are unpacked */
    static DriverReport probe(Path libraries) {
        // JavaCPP would unpack below the home folder; nothing is written outside our own.
        System.setProperty("org.bytedeco.javacpp.cachedir", libraries.toString());
        try {
            int code = cudart.cuInit(0);
            int[] version = new int[1];
            cudart.cuDriverGetVersion(version);
            if (code != cudart.CUDA_SUCCESS) {
                return DriverReport.notInitialised(code, Driver.describe(code), version[0]);
            }
            Nvrtc.version();
            return new DriverReport("", "", 0, version[0], gpus());
        } catch (LinkageError e) {
            return DriverReport.notLoaded(rootMessage(e));
        }
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
