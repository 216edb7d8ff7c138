package dev.flexgen.chat.bundled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BundledModelsTest {

    @TempDir
    Path cache;

    @ParameterizedTest
    @EnumSource
    void theListNamesEveryFileWithItsChecksum(BundledModel model) throws Exception {
        for (BundledFile file : BundledModels.files(BundledModels.bytes(model, "SHA256SUMS"))) {
            try (InputStream in = BundledModels.open(model, file.name())) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(in.readAllBytes());
                assertThat(HexFormat.of().formatHex(digest)).as(file.name()).isEqualTo(file.sha256());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUnpackedModelIsAnOrdinaryModelFolder(BundledModel model) {
        ModelSpec spec = Families.read(new BundledModels(cache).folder(model));
        assertThat(spec.family()).isEqualTo("opt");
        assertThat(spec.positions()).isGreaterThanOrEqualTo(1024);
        assertThat(spec.parameters()).isEqualTo(model.parameters());
    }

    @Test
    void aModelIsUnpackedOnce() throws IOException {
        Path folder = new BundledModels(cache).folder(BundledModel.DEMO_DRAFT);
        Object before = Files.getAttribute(folder.resolve("config.json"), "unix:ino");
        assertThat(new BundledModels(cache).folder(BundledModel.DEMO_DRAFT)).isEqualTo(folder);
        assertThat(Files.getAttribute(folder.resolve("config.json"), "unix:ino"))
                .isEqualTo(before);
    }

    @Test
    void whatIsDamagedOrMissingIsMadeAgain() throws IOException {
        Path folder = new BundledModels(cache).folder(BundledModel.DEMO_DRAFT);
        byte[] weights = Files.readAllBytes(folder.resolve("model.safetensors"));
        String config = Files.readString(folder.resolve("config.json"));
        Files.write(folder.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length / 2));
        Files.writeString(folder.resolve("config.json"), config.replace('5', '6'));
        Files.delete(folder.resolve("tokenizer.json"));

        new BundledModels(cache).folder(BundledModel.DEMO_DRAFT);

        assertThat(folder.resolve("model.safetensors")).hasBinaryContent(weights);
        assertThat(folder.resolve("config.json")).hasContent(config);
        assertThat(folder.resolve("tokenizer.json")).exists();
    }

    @Test
    void manyProcessesMayUnpackAtOnce() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<Path>> folders = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                folders.add(threads.submit(() -> new BundledModels(cache).folder(BundledModel.DEMO_DRAFT)));
            }
            for (Future<Path> folder : folders) {
                assertThat(folder.get()).isEqualTo(folders.getFirst().get());
            }
        }
        try (Stream<Path> left = Files.list(cache.resolve("models"))) {
            assertThat(left).hasSize(1);
        }
    }
}
