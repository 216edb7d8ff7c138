package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaLibrariesTest {

    private static final String RUNTIME = "libcudart.so.13";

    @TempDir
    Path root;

    private Path file(String path) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.createFile(file);
    }

    private CudaLibraries libraries(Map<String, String> variables) {
        return CudaLibraries.of(new Environment(variables, root, root), List.of(root.resolve("usual")));
    }

    @Test
    void theFolderThatTheUserNamesGoesFirst() throws Exception {
        Path usual = file("usual/cuda/lib64/" + RUNTIME);
        assertThat(libraries(Map.of()).find(RUNTIME)).hasValue(usual);
        Path home = file("mine/lib64/" + RUNTIME);
        assertThat(libraries(Map.of("CUDA_HOME", root + "/mine")).find(RUNTIME)).hasValue(home);
        assertThat(libraries(Map.of("CUDA_PATH", root + "/mine")).find(RUNTIME)).hasValue(home);
        Path first = file("loader/" + RUNTIME);
        assertThat(libraries(Map.of("CUDA_HOME", root + "/mine", "LD_LIBRARY_PATH", "/nowhere:" + root + "/loader"))
                        .find(RUNTIME))
                .hasValue(first);
    }

    @Test
    void theLatestToolkitOfVersion13IsFound() throws Exception {
        file("usual/cuda-12.9/lib64/" + RUNTIME);
        file("usual/cuda-13.0/lib64/" + RUNTIME);
        Path latest = file("usual/cuda-13.1/targets/x86_64-linux/lib/" + RUNTIME);
        assertThat(libraries(Map.of()).find(RUNTIME)).hasValue(latest);
    }

    @Test
    void foldersThatHideTheDriverAreLeftOut() throws Exception {
        file("toolkit/lib64/stubs/" + RUNTIME);
        file("toolkit/compat/" + RUNTIME);
        String path = root + "/toolkit/lib64/stubs:" + root + "/toolkit/compat";
        assertThat(libraries(Map.of("LD_LIBRARY_PATH", path)).find(RUNTIME)).isEmpty();
    }

    @Test
    void aFileOfALongerVersionWillDo() throws Exception {
        Path builtins = file("usual/cuda/lib64/libnvrtc-builtins.so.13.0");
        assertThat(libraries(Map.of()).find("libnvrtc-builtins.so.13")).hasValue(builtins);
        assertThat(libraries(Map.of()).find("libnvrtc.so.13")).isEmpty();
    }

    @Test
    void aDamagedLibraryIsLeftToTheLoader() throws Exception {
        file("usual/cuda/lib64/" + RUNTIME);
        libraries(Map.of()).load("libabsent.so.13", RUNTIME);
    }
}
