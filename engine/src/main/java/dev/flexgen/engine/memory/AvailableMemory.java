package dev.flexgen.engine.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Host memory, in bytes, that could be taken without swapping and without breaking a container's limit. Linux counts the page
 * cache as used by the container that filled it, although it gives it back when asked: here it counts as free. A limit on the
 * process's address space counts too. Any thread.
 */
public final class AvailableMemory {

    private final Path root;
    private final long reservedBytes;

    /**
     * Memory as a system's files tell of it.
     *
     * @param root under which {@code proc} and {@code sys} are found
     * @param reservedBytes addresses that this process has reserved and not used: memory that it may still take, whatever the
     *     limit on addresses
     */
    AvailableMemory(Path root, long reservedBytes) {
        this.root = root;
        this.reservedBytes = reservedBytes;
    }

    /** What is available now; empty where the system does not say, because it is not Linux. */
    public static OptionalLong bytes() {
        Runtime java = Runtime.getRuntime();
        long heap = java.maxMemory() - (java.totalMemory() - java.freeMemory());
        return new AvailableMemory(Path.of("/"), Math.max(0, heap)).read();
    }

    /** All of the machine's memory, whether used or not; empty where the system does not say. */
    public static OptionalLong totalBytes() {
        return MemoryFile.read(Path.of("/proc/meminfo")).kibibytes("MemTotal:");
    }

    /** What one process may lock into memory ({@code ulimit -l}); empty where there is no limit or the system does not say. */
    public static OptionalLong lockableBytes() {
        for (String line : lines(Path.of("/proc/self/limits"))) {
            if (line.startsWith("Max locked memory")) {
                String soft = line.split("\\s+", -1)[3];
                return soft.equals("unlimited") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(soft));
            }
        }
        return OptionalLong.empty();
    }

    OptionalLong read() {
        List<Long> limits = new ArrayList<>();
        MemoryFile.read(root.resolve("proc/meminfo")).kibibytes("MemAvailable:").ifPresent(limits::add);
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] fields = line.split(":", 3); // number, controllers, path
            if (fields.length == 3 && fields[1].isEmpty()) {
                version2(fields[2], limits);
            } else if (fields.length == 3 && List.of(fields[1].split(",")).contains("memory")) {
                version1(fields[2], limits);
            }
        }
        addressSpace(limits);
        return limits.stream().mapToLong(Long::longValue).min();
    }

    /** What {@code ulimit -v} leaves: all that is reserved counts against it, used or not. */
    private void addressSpace(List<Long> limits) {
        OptionalLong taken = MemoryFile.read(root.resolve("proc/self/status")).kibibytes("VmSize:");
        for (String line : lines(root.resolve("proc/self/limits"))) {
            if (line.startsWith("Max address space")) {
                String soft = line.split("\\s+", -1)[3];
                if (!soft.equals("unlimited")) {
                    limits.add(Math.max(0, Long.parseLong(soft) - taken.orElse(0)) + reservedBytes);
                }
            }
        }
    }

    private void version2(String path, List<Long> limits) {
        for (Path group : groups(root.resolve("sys/fs/cgroup"), path)) {
            long used = MemoryFile.number(group.resolve("memory.current")).orElse(0);
            MemoryFile statistics = MemoryFile.read(group.resolve("memory.stat"));
            long reclaimable = statistics.bytes("inactive_file").orElse(0)
                    + statistics.bytes("active_file").orElse(0);
            // Above "high" the kernel slows a group down until it has given memory back: as bad as swapping.
            for (String limit : List.of("memory.max", "memory.high")) {
                MemoryFile.number(group.resolve(limit))
                        .ifPresent(most -> limits.add(Math.max(0, most - Math.max(0, used - reclaimable))));
            }
        }
    }

    private void version1(String path, List<Long> limits) {
        for (Path group : groups(root.resolve("sys/fs/cgroup/memory"), path)) {
            long used =
                    MemoryFile.number(group.resolve("memory.usage_in_bytes")).orElse(0);
            MemoryFile statistics = MemoryFile.read(group.resolve("memory.stat"));
            // The names without "total_" leave out nested groups, whose memory counts against this limit too.
            long reclaimable = statistics.bytes("total_inactive_file").orElse(0)
                    + statistics.bytes("total_active_file").orElse(0);
            MemoryFile.number(group.resolve("memory.limit_in_bytes"))
                    .ifPresent(most -> limits.add(Math.max(0, most - Math.max(0, used - reclaimable))));
        }
    }

    /**
     * The groups along a path, from the outermost on: each has a limit of its own, and all of them hold. A container may see its
     * own group as the outermost while the path names it as the host does; what of the path is not there is passed over.
     */
    private static List<Path> groups(Path outermost, String path) {
        List<Path> groups = new ArrayList<>(List.of(outermost));
        Path group = outermost;
        for (String name : path.split("/", -1)) {
            if (!name.isEmpty() && !name.equals("..")) {
                group = group.resolve(name);
                groups.add(group);
            }
        }
        return groups;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}
