package dev.flexgen.chat;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.hub.FakeContent;
import dev.flexgen.hub.FakeHub;
import dev.flexgen.hub.FakeRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A hub on this machine that gives away a golden model under the name of a real one: tiny, and yet it answers. */
public final class GoldenHub implements AutoCloseable {

    public static final String LICENCE_FILE = "LICENSE.md";

    private final FakeHub hub;

    /** @param hubId the name it has there */
    public GoldenHub(String hubId) throws IOException {
        this(hubId, "opt-f32");
    }

    /** @param golden name of the golden model */
    public GoldenHub(String hubId, String golden) throws IOException {
        List<Path> models = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith(golden))
                .toList();
        assumeThat(models).as("the models lie in the source tree").isNotEmpty();
        hub = new FakeHub();
        FakeRepository repository = hub.repository(hubId).file(LICENCE_FILE, "Be kind.\n");
        try (Stream<Path> files = Files.list(models.getFirst())) {
            for (Path file :
                    files.filter(file -> !file.endsWith("expected.json")).toList()) {
                repository.bigFile(file.getFileName().toString(), FakeContent.ofFile(file));
            }
        }
    }

    public FakeHub hub() {
        return hub;
    }

    /** For {@code HF_ENDPOINT}. */
    public String endpoint() {
        return hub.endpoint().toString();
    }

    @Override
    public void close() {
        hub.close();
    }
}
