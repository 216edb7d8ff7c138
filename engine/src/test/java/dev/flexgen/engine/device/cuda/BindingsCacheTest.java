package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.PackedFile;
import dev.flexgen.config.UnpackedFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BindingsCacheTest {

    private static final String FOLDER = "org/bytedeco/javacpp/linux-x86_64/";
    private static final String LIBRARY = "libjnijavacpp.so";

    @TempDir
    Path cache;

    @Test
    void whatIsNotAsInTheJarGoesAndTheRestStays() throws Exception {
        Path whole = UnpackedFiles.in(
                        cache.resolve("whole.jar").resolve(FOLDER),
                        List.of(PackedFile.of(BindingsCache.class, FOLDER + LIBRARY)))
                .resolve(LIBRARY);
        byte[] bytes = Files.readAllBytes(whole);
        bytes[bytes.length / 3]++;
        Path damaged = cache.resolve("damaged.jar").resolve(FOLDER).resolve(LIBRARY);
        Files.createDirectories(damaged.getParent());
        Files.write(damaged, bytes);
        Files.setLastModifiedTime(damaged, Files.getLastModifiedTime(whole)); // all that JavaCPP looks at
        Path foreign = Files.createFile(damaged.resolveSibling("libforeign.so"));
        Path link = Files.createSymbolicLink(damaged.resolveSibling("liblink.so"), whole);
        Path others = Files.createDirectories(cache.resolve("tokenizers")).resolve("libtokenizers.so");
        Files.createFile(others);

        BindingsCache.removeDamaged(cache);

        assertThat(whole).exists();
        assertThat(others).exists();
        assertThat(damaged).doesNotExist();
        assertThat(foreign).doesNotExist();
        assertThat(Files.exists(link, java.nio.file.LinkOption.NOFOLLOW_LINKS)).isFalse();
    }
}
