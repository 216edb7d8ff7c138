package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.cli.Verification.Form;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.hub.ResolvedModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code verify}: what every encoding of a model's weights and of its cache costs in quality, and brings in speed, on this machine. */
@Command(
        name = "verify",
        description = {
            "Opens a model in every encoding and compares how well it predicts a text, and how fast it is.",
            "Prints a table to paste into a report. Large models are packed on the way, as chat would do."
        })
final class VerifyCommand implements AppCommand {

    /** The first is what the others are compared with. */
    private static final List<Form> FORMS = List.of(
            new Form(WeightType.NATIVE, KvType.F16),
            new Form(WeightType.Q8, KvType.F16),
            new Form(WeightType.Q4, KvType.F16),
            new Form(WeightType.Q4, KvType.Q4),
            new Form(WeightType.Q3, KvType.F16));

    private static final long MOST_TEXT_BYTES = 1 << 20;

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A folder, a catalogue name or a Hugging Face id")
    String model = "";

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description = "The text to predict; without it one that comes along")
    String input = "";

    @Option(names = "--new-tokens", paramLabel = "N", description = "Tokens to write for the speed (default 32)")
    int newTokens = 32;

    @Option(names = "--json", description = "Print one JSON object an encoding")
    boolean json;

    private final Wiring wiring;

    VerifyCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return Stream.concat(
                        Stream.of(SettingTable.MODEL, SettingTable.QUIET),
                        ModelSettings.MEASURED.stream()
                                .filter(setting -> setting != SettingTable.WEIGHTS && setting != SettingTable.KV))
                .toList();
    }

    @Override
    public ExitCode run(Settings settings) {
        if (newTokens < 2) {
            throw CommandException.usage("--new-tokens must be at least 2; the first token comes with the prompt");
        }
        String text = text();
        ResolvedModel resolved = resolve(settings);
        var verification = new Verification(wiring, settings, resolved, text, newTokens);
        List<VerifyRow> rows = new ArrayList<>();
        @Nullable RuntimeException first = null;
        for (Form form : FORMS) {
            if (!settings.get(SettingTable.QUIET)) {
                wiring.streams().note(resolved.name() + ", " + form.label());
            }
            VerifyRow row;
            try {
                row = verification.measure(form);
            } catch (EngineException | CommandException failure) {
                first = first == null ? failure : first;
                row = VerifyRow.failed(form, Objects.toString(failure.getMessage()));
            }
            rows.add(row);
            if (json) {
                wiring.streams().print(row.json(rows.getFirst()) + "\n");
            }
        }
        if (first != null && rows.stream().noneMatch(VerifyRow::measured)) {
            throw first;
        }
        if (!json) {
            wiring.streams().print(new VerifyTable(resolved.name(), verification, wiring.version()).text(rows));
        }
        return ExitCode.OK;
    }

    private ResolvedModel resolve(Settings settings) {
        String name = model.isEmpty() ? settings.get(SettingTable.MODEL) : model;
        return name.isEmpty() ? wiring.model(settings) : new Packing(wiring, settings).resolve(name);
    }

    private String text() {
        if (input.isEmpty()) {
            return bundledText();
        }
        Path file = wiring.environment().expandedPath(input);
        try {
            if (Files.size(file) > MOST_TEXT_BYTES) {
                throw CommandException.usage(file + " is longer than 1 MiB; a few pages are enough");
            }
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            if (text.isBlank()) {
                throw CommandException.usage(file + " is empty; give a text of a few pages");
            }
            return text;
        } catch (IOException e) {
            throw CommandException.usage("The text " + file + " cannot be read; check the path and its permissions");
        }
    }

    private static String bundledText() {
        try (InputStream stream = VerifyCommand.class.getResourceAsStream("verify.txt")) {
            if (stream == null) {
                throw new IllegalStateException("verify.txt is missing from the program");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
