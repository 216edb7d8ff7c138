package dev.flexgen.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A fake hub to try the program with: prints its port and serves until it is killed.
 *
 * <pre>
 * FakeHubMain FOLDER [BYTES_PER_SECOND]     the models in FOLDER/ORGANISATION/NAME/
 * FakeHubMain big:MIB [BYTES_PER_SECOND]    a model fake/big whose weights are so many MiB of nonsense
 * </pre>
 *
 * The speed is that of one connection. The system property {@code port} sets the port.
 */
public final class FakeHubMain {

    private static final long LFS_BYTES = 1 << 20;

    private FakeHubMain() {}

    /** See above. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        FakeHub hub = new FakeHub(Integer.getInteger("port", 0));
        if (arguments[0].startsWith("big:")) {
            long bytes = Long.parseLong(arguments[0].substring(4)) << 20;
            hub.repository("fake/big")
                    .file("config.json", "{\"model_type\": \"opt\"}")
                    .bigFile("model.safetensors", FakeContent.random(1, bytes));
        } else {
            serve(hub, Path.of(arguments[0]));
        }
        if (arguments.length > 1) {
            hub.sender().bytesPerSecond(Long.parseLong(arguments[1]));
        }
        System.out.println(hub.endpoint().getPort());
        Thread.currentThread().join();
    }

    private static void serve(FakeHub hub, Path root) throws IOException {
        for (Path organisation : children(root)) {
            for (Path model : children(organisation)) {
                FakeRepository repository =
                        hub.repository(root.relativize(model).toString());
                try (Stream<Path> walk = Files.walk(model)) {
                    walk.filter(Files::isRegularFile).forEach(file -> {
                        FakeContent content = FakeContent.ofFile(file);
                        String path = model.relativize(file).toString();
                        boolean weights = path.endsWith(".bin") || path.endsWith(".safetensors");
                        repository.add(path, content, weights || content.bytes() > LFS_BYTES);
                    });
                }
            }
        }
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(Files::isDirectory).sorted().toList();
        }
    }
}
