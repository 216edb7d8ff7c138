package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.cli.Commands;
import dev.flexgen.config.Environment;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The documents' parts that repeat what the program says about itself. */
class ReadmeTest {

    @Test
    void theReadmeHasTheCurrentTableOfSettings() throws IOException {
        assertThat(document("README.md")).contains(SettingTable.markdown());
    }

    @Test
    void theManualHasTheCurrentHelpOfEveryCommand() throws IOException {
        String manual = document("docs/COMMANDS.md");

        Commands commands = commands();
        assertThat(manual).contains("```\n" + commands.help("") + "```\n");
        for (String name : commands.manualNames()) {
            assertThat(manual).contains("## " + name + "\n\n```\n" + commands.help(name) + "```\n");
        }
    }

    @Test
    void theManualPageIsCurrent() throws IOException {
        assertThat(document("docs/flexgen-chat.1")).isEqualTo(commands().manualPage());
    }

    /** With {@code -Dflexgen.update=true} the generated parts are written instead of compared. */
    @Test
    @EnabledIfSystemProperty(named = "flexgen.update", matches = "true")
    void writesTheGeneratedParts() throws IOException {
        Path root = Checkout.root().orElseThrow();
        Commands commands = commands();
        var manual = new StringBuilder("# Commands\n\nWhat `--help` says; a test keeps this page current.\n\n```\n")
                .append(commands.help(""))
                .append("```\n");
        for (String name : commands.manualNames()) {
            manual.append("\n## " + name + "\n\n```\n" + commands.help(name) + "```\n");
        }
        Files.writeString(root.resolve("docs/COMMANDS.md"), manual);
        Files.writeString(root.resolve("docs/flexgen-chat.1"), commands.manualPage());
        String readme = document("README.md");
        Files.writeString(
                root.resolve("README.md"),
                readme.substring(0, readme.indexOf("<!-- settings -->"))
                        + "<!-- settings -->\n\n" + SettingTable.markdown() + "\n"
                        + readme.substring(readme.indexOf("<!-- end of settings -->")));
    }

    private static String document(String name) throws IOException {
        assumeThat(Checkout.root()).as("documents lie in a checkout only").isPresent();
        return Files.readString(Checkout.root().orElseThrow().resolve(name));
    }

    private static Commands commands() {
        var nowhere = new PrintStream(PrintStream.nullOutputStream());
        var streams = new Streams(InputStream.nullInputStream(), nowhere, nowhere, () -> false, () -> false);
        var environment = new Environment(Map.of(), Path.of("/"), Path.of("/"));
        return new Commands(new Wiring(environment, streams, new Interruption()), new Failures(nowhere));
    }
}
