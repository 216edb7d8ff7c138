package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.engine.model.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the compiler does not check about the sources. */
class SourceFilesTest {

    private static final int LONGEST = 400;

    @Test
    void noFileIsLongerThan400Lines() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path file : sources()) {
            int lines = Files.readAllLines(file).size();
            if (lines > LONGEST) {
                tooLong.add(file + ": " + lines);
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void everyPackageWithCodeSaysWhatItIsFor() throws IOException {
        List<Path> silent = sources().stream()
                .filter(file -> file.toString().contains("src/main/java"))
                .map(Path::getParent)
                .distinct()
                .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
                .toList();
        assertThat(silent).isEmpty();
    }

    /** What is special about a family is data in its spec: nobody else asks which one it is. */
    @Test
    void onlyFilesOfFamiliesNameOne() throws IOException {
        Pattern named = Pattern.compile("\"(" + String.join("|", Families.names()) + ")\"");
        List<String> naming = new ArrayList<>();
        for (Path file : sources()) {
            String source = Files.readString(file);
            boolean isFamily = source.contains(" implements Family {") || source.contains("class Families ");
            if (file.toString().contains("engine/src/main/java")
                    && !isFamily
                    && named.matcher(source).find()) {
                naming.add(file.toString());
            }
        }
        assertThat(naming).isEmpty();
    }

    private static List<Path> sources() throws IOException {
        assumeThat(Checkout.root()).as("there are sources in a checkout only").isPresent();
        Path root = Checkout.root().orElseThrow();
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !root.relativize(file).toString().contains("target/"))
                    .toList();
        }
    }
}
