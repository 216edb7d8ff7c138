package dev.flexgen.engine.device.cuda;

import java.util.List;

/**
 * What loading and asking the driver gave.
 *
 * @param missing the library that could not be loaded, or the loader's words; empty if all were
 * @param initError what {@code cuInit} said, as the driver describes it; empty for success
 * @param initCode its number
 * @param driverVersion of CUDA that the driver supports, as 1000 * major + 10 * minor
 * @param gpus in the driver's order, fastest first
 */
record DriverReport(String missing, String initError, int initCode, int driverVersion, List<Gpu> gpus) {

    /**
     * One GPU.
     *
     * @param capability ten times major plus minor
     */
    record Gpu(int index, String name, long totalBytes, int capability) {}

    /** Begins {@link #missing} where the build has none of Java's side of CUDA; the system's name follows. */
    static final String NO_BINDINGS = "no bindings for ";

    static DriverReport notLoaded(String missing) {
        return new DriverReport(missing, "", 0, 0, List.of());
    }

    static DriverReport notInitialised(int code, String error, int driverVersion) {
        return new DriverReport("", error, code, driverVersion, List.of());
    }
}
