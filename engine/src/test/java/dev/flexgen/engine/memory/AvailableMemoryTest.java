package dev.flexgen.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees of files as the kernel shows them, on bare machines and in containers. */
class AvailableMemoryTest {

    private static final long GIB = 1L << 30;

    @TempDir
    Path root;

    @BeforeEach
    void aMachineWith40GibAvailable() throws IOException {
        write(
                "proc/meminfo",
                "MemTotal:       65802964 kB\nMemFree:         1000000 kB\nMemAvailable:   41943040 kB\n");
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private void group2(String path, String max, long current, long inactive, long active) throws IOException {
        String folder = "sys/fs/cgroup/" + path;
        write(folder + "/memory.max", max + "\n");
        write(folder + "/memory.current", current + "\n");
        write(folder + "/memory.stat", "anon 5\ninactive_file " + inactive + "\nactive_file " + active + "\nslab 7\n");
    }

    private void group1(String path, long limit, long usage, long inactive, long active) throws IOException {
        String folder = "sys/fs/cgroup/memory/" + path;
        write(folder + "/memory.limit_in_bytes", limit + "\n");
        write(folder + "/memory.usage_in_bytes", usage + "\n");
        write(
                folder + "/memory.stat",
                "inactive_file 1\nactive_file 1\ntotal_inactive_file " + inactive + "\ntotal_active_file " + active);
    }

    private long available() {
        return new AvailableMemory(root, 0).read().orElseThrow();
    }

    @Test
    void withoutContainersTheKernelsOwnFigureCounts() throws IOException {
        assertThat(available()).isEqualTo(40 * GIB);
        write("proc/self/cgroup", "0::/user.slice\n");
        assertThat(available()).isEqualTo(40 * GIB);
    }

    @Test
    void aSystemThatSaysNothingHasNoFigure() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));
        assertThat(new AvailableMemory(root, 0).read()).isEmpty();
    }

    @Test
    void theCacheOfFilesThatAContainerHasReadIsFree() throws IOException {
        write("proc/self/cgroup", "0::/\n");
        group2("", Long.toString(16 * GIB), 15 * GIB, 9 * GIB, 4 * GIB);
        assertThat(available()).isEqualTo(14 * GIB);
    }

    @Test
    void theTightestOfNestedGroupsDecides() throws IOException {
        write("proc/self/cgroup", "0::/kubepods/pod1/main\n");
        group2("kubepods", Long.toString(30 * GIB), 20 * GIB, GIB, GIB);
        group2("kubepods/pod1", Long.toString(16 * GIB), 12 * GIB, 2 * GIB, 0);
        group2("kubepods/pod1/main", "max", 4 * GIB, 0, 0);
        assertThat(available()).isEqualTo(6 * GIB);
    }

    @Test
    void aGroupThatTheKernelSlowsDownFromAMarkOnEndsThere() throws IOException {
        write("proc/self/cgroup", "0::/app.slice\n");
        group2("app.slice", "max", 3 * GIB, GIB, 0);
        write("sys/fs/cgroup/app.slice/memory.high", 8 * GIB + "\n");
        assertThat(available()).isEqualTo(6 * GIB);
    }

    @Test
    void versionOneHasOtherNames() throws IOException {
        write("proc/self/cgroup", "5:cpu,cpuacct:/docker/ab\n4:memory:/docker/ab\n0::/docker/ab\n");
        group1("", Long.MAX_VALUE / 4096 * 4096, 30 * GIB, GIB, GIB);
        group1("docker", 24 * GIB, 20 * GIB, 3 * GIB, GIB);
        group1("docker/ab", 16 * GIB, 15 * GIB, 4 * GIB, 2 * GIB);
        assertThat(available()).isEqualTo(7 * GIB);
    }

    @Test
    void aPathThatOnlyTheHostSeesLeavesTheContainersOwnGroup() throws IOException {
        write("proc/self/cgroup", "4:memory:/docker/ab\n");
        group1("", 2 * GIB, GIB, GIB / 2, 0);
        assertThat(available()).isEqualTo(3 * GIB / 2);
        write("proc/self/cgroup", "4:memory:/../../other\n");
        assertThat(available()).isEqualTo(3 * GIB / 2);
    }

    @Test
    void whatIsBeyondALimitAlreadyLeavesNothing() throws IOException {
        write("proc/self/cgroup", "0::/\n");
        group2("", Long.toString(GIB), 2 * GIB, 0, 0);
        assertThat(available()).isZero();
    }

    @Test
    void damagedFilesAreNoLimits() throws IOException {
        write("proc/self/cgroup", "nonsense\n0::/\n");
        group2("", "many", GIB, 0, 0);
        write("sys/fs/cgroup/memory.stat", "inactive_file\n\nactive_file x\n");
        assertThat(available()).isEqualTo(40 * GIB);
    }

    @Test
    void anAddressSpaceLimitCountsForWhatIsNotReservedYet() throws IOException {
        write("proc/self/status", "VmPeak:\t 9437184 kB\nVmSize:\t 1048576 kB\n");
        String limits = """
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              unlimited            unlimited            seconds
            Max address space         %s           unlimited            bytes
            """;
        write("proc/self/limits", limits.formatted(4 * GIB));
        assertThat(available()).isEqualTo(3 * GIB);
        assertThat(new AvailableMemory(root, GIB / 2).read()).hasValue(3 * GIB + GIB / 2);
        write("proc/self/limits", limits.formatted("unlimited"));
        assertThat(available()).isEqualTo(40 * GIB);
    }
}
