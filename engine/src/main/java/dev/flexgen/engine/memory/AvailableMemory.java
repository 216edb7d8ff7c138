package dev.flexgen.engine.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What the system says of its free memory. */
public final class AvailableMemory {

    private AvailableMemory() {}

    /** Host memory that could be taken without swapping or breaking a container's limit, where the system says so. */
    public static OptionalLong bytes() {
        OptionalLong free = number("/proc/meminfo", "MemAvailable:");
        OptionalLong limit = number("/sys/fs/cgroup/memory.max", "");
        if (free.isEmpty() || limit.isEmpty()) {
            return free.isEmpty() ? limit : OptionalLong.of(free.getAsLong() << 10);
        }
        long used = number("/sys/fs/cgroup/memory.current", "").orElse(0);
        return OptionalLong.of(Math.min(free.getAsLong() << 10, Math.max(0, limit.getAsLong() - used)));
    }

    /** The number behind {@code key} in a file of the system; none if it has no such file, or the word "max". */
    private static OptionalLong number(String file, String key) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // not Linux, or no limit: the allocation itself will tell
        }
    }
}
