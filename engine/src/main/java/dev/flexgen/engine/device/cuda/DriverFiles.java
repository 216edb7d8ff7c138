package dev.flexgen.engine.device.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the file system tells of a driver without loading anything.
 *
 * @param driver whether one is there
 * @param accessible whether this user may open it
 */
record DriverFiles(boolean driver, boolean accessible) {

    private static final Path DEVICES = Path.of("/dev");

    private static final Path CONTROL = DEVICES.resolve("nvidiactl");

    /** The Windows Subsystem for Linux has one device for all GPUs. */
    private static final Path WSL = Path.of("/dev/dxg");

    static DriverFiles ofThisMachine() {
        if (Files.exists(CONTROL)) {
            return new DriverFiles(true, accessible(CONTROL) && anyGpuAccessible(DEVICES));
        }
        boolean loaded = Files.exists(Path.of("/proc/driver/nvidia/version")) || Files.exists(WSL);
        return new DriverFiles(loaded, true);
    }

    private static boolean accessible(Path device) {
        return Files.isReadable(device) && Files.isWritable(device);
    }

    /** Also true where no GPU shows: then the driver has more to say. */
    static boolean anyGpuAccessible(Path devices) {
        try (Stream<Path> entries = Files.list(devices)) {
            List<Path> gpus = entries.filter(
                            entry -> entry.getFileName().toString().matches("nvidia\\d+"))
                    .toList();
            return gpus.isEmpty() || gpus.stream().anyMatch(DriverFiles::accessible);
        } catch (IOException e) {
            return true;
        }
    }
}
