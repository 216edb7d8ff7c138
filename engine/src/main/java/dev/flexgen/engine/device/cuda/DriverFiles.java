package dev.flexgen.engine.device.cuda;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the file system tells of a driver without loading anything.
 *
 * @param driver whether one is there
 * @param accessible whether this user may open it
 */
record DriverFiles(boolean driver, boolean accessible) {

    private static final Path CONTROL = Path.of("/dev/nvidiactl");

    /** The Windows Subsystem for Linux has one device for all GPUs. */
    private static final Path WSL = Path.of("/dev/dxg");

    static DriverFiles ofThisMachine() {
        if (Files.exists(CONTROL)) {
            return new DriverFiles(true, Files.isReadable(CONTROL) && Files.isWritable(CONTROL));
        }
        boolean loaded = Files.exists(Path.of("/proc/driver/nvidia/version")) || Files.exists(WSL);
        return new DriverFiles(loaded, true);
    }
}
