package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CubinCacheTest {

    @Test
    void compiledKernelsAreKeptAndDamageIsNoticed(@TempDir Path folder) throws Exception {
        CubinCache cache = new CubinCache(folder.resolve("kernels"));
        String key = CubinCache.key("source", "compiler 1 -O3");
        cache.put(key, new byte[] {1, 2, 3});
        assertThat(cache.find(key)).hasValue(new byte[] {1, 2, 3});
        assertThat(cache.find(CubinCache.key("source", "compiler 2 -O3"))).isEmpty();
        Path file = folder.resolve("kernels").resolve(key + ".cubin");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1]++;
        Files.write(file, bytes);
        assertThat(cache.find(key)).isEmpty();
        Files.write(file, new byte[0]);
        assertThat(cache.find(key)).isEmpty();
    }

    @Test
    void aFolderThatCannotBeWrittenCostsTimeAlone(@TempDir Path folder) throws Exception {
        Path file = Files.createFile(folder.resolve("not-a-folder"));
        CubinCache cache = new CubinCache(file);
        cache.put("key", new byte[] {1});
        assertThat(cache.find("key")).isEmpty();
    }

    @Test
    void codeThatOthersCouldHavePutThereIsNotRun(@TempDir Path folder) throws Exception {
        assumeThat(folder.getFileSystem().supportedFileAttributeViews()).contains("posix");
        new CubinCache(folder.resolve("kernels")).put("key", new byte[] {1});
        Files.setPosixFilePermissions(folder.resolve("kernels"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(new CubinCache(folder.resolve("kernels")).find("key")).isEmpty();
    }
}
