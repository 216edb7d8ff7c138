package dev.flexgen.chat.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaGpusTest {

    @TempDir
    Path folder = Path.of("");

    private NvidiaGpus gpus() {
        return new NvidiaGpus(folder.resolve("proc"), "/nonexistent::" + folder.resolve("bin"));
    }

    @Test
    void withoutADriverThereIsNone() {
        assertThat(gpus().find()).isEmpty();
    }

    @Test
    void theToolKnowsNamesAndSizes() throws IOException {
        tool("printf 'NVIDIA H100, PCIe, 81559 MiB\\nTesla T4, [N/A]\\n'");

        assertThat(gpus().find())
                .containsExactly(
                        new Gpu("NVIDIA H100, PCIe", OptionalLong.of(81559L << 20)),
                        new Gpu("Tesla T4", OptionalLong.empty()));
    }

    @Test
    void withoutAToolThatWorksTheDriversFolderTellsTheName() throws IOException {
        tool("echo 'Failed to initialize NVML, 1 MiB'; exit 9");
        Files.createDirectories(folder.resolve("proc/0000:01:00.0"));
        Files.writeString(
                folder.resolve("proc/0000:01:00.0/information"), "Model: \t\t NVIDIA GeForce RTX 3090\nIRQ:   \t 35\n");

        assertThat(gpus().find()).containsExactly(new Gpu("NVIDIA GeForce RTX 3090", OptionalLong.empty()));
    }

    @Test
    void aToolThatHangsIsNotWaitedForLong() throws IOException {
        tool("exec sleep 60");

        long start = System.nanoTime();
        assertThat(gpus().find()).isEmpty();
        assertThat(System.nanoTime() - start).isLessThan(20_000_000_000L);
    }

    private void tool(String script) throws IOException {
        Path tool = Files.createDirectories(folder.resolve("bin")).resolve("nvidia-smi");
        Files.writeString(tool, "#!/bin/sh\n" + script + "\n");
        assertThat(tool.toFile().setExecutable(true)).isTrue();
    }
}
