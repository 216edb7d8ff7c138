package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.GpuSource.Absence;
import dev.flexgen.engine.device.GpuSource.Absent;
import dev.flexgen.engine.device.cuda.DriverReport.Gpu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every reason for there being no GPU is a sentence of its own, with what would help. */
class DetectionTest {

    private static final DriverFiles DRIVER = new DriverFiles(true, true);
    private static final Gpu T4 = new Gpu(0, "Tesla T4", 16L << 30, 75);
    private static final Gpu P100 = new Gpu(0, "Tesla P100", 16L << 30, 60);

    private static String reason(DriverReport report) {
        return ((Detection.Unusable) Detection.of(report)).reason();
    }

    @Test
    void aMachineWithoutDriverNeedsNoWord() {
        Absent absent = Detection.beforeLoading(new DriverFiles(false, true), Optional.empty())
                .orElseThrow();
        assertThat(absent.absence()).isEqualTo(Absence.NO_GPU);
    }

    @Test
    void hiddenAndForbiddenGpusAreTold() {
        for (String hidden : new String[] {"", " ", "-1", "-1,0"}) {
            Absent absent = Detection.beforeLoading(DRIVER, Optional.of(hidden)).orElseThrow();
            assertThat(absent.absence()).isEqualTo(Absence.UNUSABLE);
            assertThat(absent.reason()).contains("CUDA_VISIBLE_DEVICES");
        }
        Absent forbidden = Detection.beforeLoading(new DriverFiles(true, false), Optional.empty())
                .orElseThrow();
        assertThat(forbidden.reason()).contains("may not open /dev/nvidiactl");
        assertThat(Detection.beforeLoading(DRIVER, Optional.of("0"))).isEmpty();
        assertThat(Detection.beforeLoading(DRIVER, Optional.empty())).isEmpty();
    }

    @Test
    void missingLibrariesAreNamedWithTheirRemedy() {
        assertThat(reason(DriverReport.notLoaded("libcuda.so.1: cannot open shared object file")))
                .contains("libcuda.so.1 is missing")
                .contains("install the driver");
        assertThat(reason(DriverReport.notLoaded("x: libcudart.so.13: cannot open shared object file")))
                .contains("libcudart.so.13")
                .contains("-Pcuda-redist");
        assertThat(reason(DriverReport.notLoaded("no jninvrtc: libnvrtc.so.13: cannot open")))
                .contains("libnvrtc.so.13");
        assertThat(reason(DriverReport.notLoaded("no jnicudart in java.library.path")))
                .contains("could not be loaded (no jnicudart");
    }

    @Test
    void aBuildWithoutBindingsForThisSystemSaysSo() {
        assertThat(reason(DriverReport.notLoaded(DriverReport.NO_BINDINGS + "linux-arm64")))
                .isEqualTo("this build can use a GPU on linux-x86_64 alone, and this system is linux-arm64");
    }

    @Test
    void gpusThatNobodyMayOpenAreNoticed(@TempDir Path folder) throws Exception {
        assertThat(DriverFiles.anyGpuAccessible(folder)).isTrue();
        Files.createFile(folder.resolve("nvidia0"));
        assertThat(DriverFiles.anyGpuAccessible(folder)).isTrue();
        assertThat(DriverFiles.anyGpuAccessible(folder.resolve("absent"))).isTrue();
    }

    @Test
    void anOldDriverIsToldWithBothVersions() {
        assertThat(reason(DriverReport.notInitialised(803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", 12_040)))
                .contains("supports CUDA 12.4")
                .contains("needs 13.0")
                .contains("580");
    }

    @Test
    void aDriverThatDoesNotStartIsQuoted() {
        assertThat(reason(DriverReport.notInitialised(999, "CUDA_ERROR_UNKNOWN (unknown error)", 13_000)))
                .contains("CUDA_ERROR_UNKNOWN (unknown error)")
                .contains("nvidia-smi");
        assertThat(reason(DriverReport.notInitialised(100, "CUDA_ERROR_NO_DEVICE", 13_000)))
                .contains("finds no GPU");
        assertThat(reason(new DriverReport("", "", 0, 13_000, List.of()))).contains("finds no GPU");
    }

    @Test
    void anOldGpuIsToldWithItsCapability() {
        assertThat(reason(new DriverReport("", "", 0, 13_000, List.of(P100))))
                .contains("Tesla P100 has compute capability 6.0")
                .contains("7.5");
    }

    @Test
    void theGpusThatWillDoAreTaken() {
        Detection found = Detection.of(new DriverReport("", "", 0, 13_000, List.of(P100, T4)));
        assertThat(found).isEqualTo(new Detection.Usable(List.of(T4)));
    }
}
