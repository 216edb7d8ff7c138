package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.GpuSource.Absence;
import dev.flexgen.engine.device.GpuSource.Absent;
import dev.flexgen.engine.device.cuda.DriverReport.Gpu;
import java.util.List;
import java.util.Optional;

/** Which GPUs can be used, or one sentence why there is none and what would help. */
sealed interface Detection {

    /** The driver's figure for the CUDA version that this program is built for. */
    int CUDA_13 = 13_000;

    /** Turing: the first with all that the kernels use. */
    int LEAST_CAPABILITY = 75;

    /** {@code CUDA_ERROR_NO_DEVICE}. */
    int NO_DEVICE = 100;

    /** Those that will do, at least one. */
    record Usable(List<Gpu> gpus) implements Detection {}

    /** None. */
    record Unusable(String reason) implements Detection {}

    /** What can be said before any native library is loaded. */
    static Optional<Absent> beforeLoading(DriverFiles files, Optional<String> visibleDevices) {
        if (!files.driver()) {
            return Optional.of(new Absent("this machine has no NVIDIA driver loaded", Absence.NO_GPU));
        }
        if (visibleDevices.isPresent()
                && (visibleDevices.get().isBlank() || visibleDevices.get().startsWith("-1"))) {
            return Optional.of(
                    new Absent("CUDA_VISIBLE_DEVICES hides all GPUs; unset it or name one", Absence.UNUSABLE));
        }
        if (!files.accessible()) {
            return Optional.of(new Absent(
                    "this user may not open /dev/nvidiactl or the GPUs beside it; add the user to their group, or change"
                            + " their permissions",
                    Absence.UNUSABLE));
        }
        return Optional.empty();
    }

    /** What the driver's answers mean. */
    static Detection of(DriverReport report) {
        if (!report.missing().isEmpty()) {
            return new Unusable(missingLibrary(report.missing()));
        }
        if (report.driverVersion() > 0 && report.driverVersion() < CUDA_13) {
            return new Unusable("the NVIDIA driver supports CUDA " + version(report.driverVersion())
                    + ", this program needs " + version(CUDA_13) + "; install a driver of version 580 or later");
        }
        if (report.initCode() == NO_DEVICE
                || (report.initCode() == 0 && report.gpus().isEmpty())) {
            return new Unusable(
                    "the NVIDIA driver finds no GPU; check nvidia-smi, CUDA_VISIBLE_DEVICES and the permissions of"
                            + " /dev/nvidia*");
        }
        if (report.initCode() != 0) {
            return new Unusable("the NVIDIA driver does not start: " + report.initError() + "; check nvidia-smi");
        }
        List<Gpu> usable = report.gpus().stream()
                .filter(gpu -> gpu.capability() >= LEAST_CAPABILITY)
                .toList();
        return usable.isEmpty() ? new Unusable(tooOld(report.gpus().getFirst())) : new Usable(usable);
    }

    private static String missingLibrary(String missing) {
        if (missing.startsWith(DriverReport.NO_BINDINGS)) {
            return "this build can use a GPU on linux-x86_64 alone, and this system is "
                    + missing.substring(DriverReport.NO_BINDINGS.length());
        }
        if (missing.contains("libcuda.so")) {
            return "the NVIDIA driver's library libcuda.so.1 is missing; install the driver with its libraries";
        }
        if (missing.contains("libcudart") || missing.contains("libnvrtc")) {
            return "CUDA 13's " + (missing.contains("libnvrtc") ? "compiler libnvrtc.so.13" : "runtime libcudart.so.13")
                    + " is missing; install the CUDA 13 toolkit, put its libraries on LD_LIBRARY_PATH, or build with"
                    + " 'mvn -Pcuda-redist package'";
        }
        return "CUDA's native libraries could not be loaded (" + missing + ")";
    }

    private static String tooOld(Gpu gpu) {
        return gpu.name() + " has compute capability " + gpu.capability() / 10 + "." + gpu.capability() % 10
                + ", at least " + LEAST_CAPABILITY / 10 + "." + LEAST_CAPABILITY % 10 + " is needed";
    }

    private static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }
}
