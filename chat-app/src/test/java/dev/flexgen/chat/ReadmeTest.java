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
