package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The packaged program, started by its own launcher in a home directory that belongs to the test. */
record Release(Path folder, Path home) {

    /** The one that this build has packaged; skips the test where there is none. */
    static Release packaged(Path home) throws IOException {
        Path target = Path.of("target").toAbsolutePath();
        Optional<Path> folder = Optional.empty();
        if (Files.isDirectory(target)) {
            try (Stream<Path> entries = Files.list(target)) {
                folder = entries.filter(entry -> Files.isRegularFile(entry.resolve("flexgen-chat")))
                        .findFirst();
            }
        }
        assumeThat(folder).as("the program is packaged").isPresent();
        return new Release(folder.orElseThrow(), home);
    }

    /** The golden model that has a tokenizer. */
    static Path model() {
        Optional<Path> model = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .findFirst();
        assumeThat(model).as("the models lie in the source tree").isPresent();
        return model.orElseThrow();
    }

    Path launcher() {
        return folder.resolve("flexgen-chat");
    }

    /** What the program needs of this test's surroundings, and a home of its own. */
    Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        environment.put("HOME", home.toString());
        environment.put("FLEXGEN_JAVA_HOME", System.getProperty("java.home"));
        environment.put("FLEXGEN_CLASS_DATA", "off"); // nothing is left to be made when a test is over
        environment.put("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
        return environment;
    }

    Program run(String input, List<String> command) throws IOException, InterruptedException {
        return Program.run(home, environment(), input, command);
    }
}
