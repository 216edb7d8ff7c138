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

    /** {@code -Dflexgen.writeDocs=true} writes them instead. */
    private static final boolean WRITE = Boolean.getBoolean("flexgen.writeDocs");

    @Test
    void theReadmeHasTheCurrentTableOfSettings() throws IOException {
        requireCurrentTable(SettingTable.markdown());
    }

    @Test
    void theReadmeHasTheCurrentTableOfCommands() throws IOException {
        requireCurrentTable(commands().markdown());
    }

    @Test
    void theReadmeHasTheCurrentTableOfTheChatsCommands() throws IOException {
        requireCurrentTable(dev.flexgen.chat.repl.command.Commands.standard().markdown());
    }

    /** The README has a table with this head. */
    private static void requireCurrentTable(String table) throws IOException {
        String readme = document("README.md");
        int from = readme.indexOf(table.substring(0, table.indexOf('\n')));
        int end = readme.indexOf("\n\n", from) + 1;
        requireCurrent("README.md", readme, readme.substring(0, from) + table + readme.substring(end));
    }

    @Test
    void theManualHasTheCurrentHelpOfEveryCommand() throws IOException {
        Commands commands = commands();
        StringBuilder manual = new StringBuilder("# Commands\n\nWhat `--help` says; a test keeps this page current.\n");
        manual.append("\n```\n").append(commands.help("")).append("```\n");
        for (String name : commands.manualNames()) {
            manual.append("\n## ").append(name).append("\n\n```\n");
            manual.append(commands.help(name)).append("```\n");
        }
        requireCurrent("docs/COMMANDS.md", document("docs/COMMANDS.md"), manual.toString());
    }

    private static void requireCurrent(String name, String there, String current) throws IOException {
        if (WRITE) {
            Files.writeString(Checkout.root().orElseThrow().resolve(name), current);
        } else {
            assertThat(there).as(name).isEqualTo(current);
        }
    }

    @Test
    void theManualPageIsCurrent() throws IOException {
        requireCurrent(
                "docs/flexgen-chat.1",
                document("docs/flexgen-chat.1"),
                commands().manualPage());
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
