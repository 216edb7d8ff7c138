package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.repl.render.ControlCharacters;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate}: completes one prompt or every prompt of a file, greedily unless sampling settings say otherwise. */
@Command(
        name = "generate",
        description = {
            "Completes a prompt, or every prompt of a file.",
            "Takes the likeliest token at each step unless a temperature is set."
        })
final class GenerateCommand implements AppCommand {

    @Mixin
    PromptOptions prompts = new PromptOptions("--prompt");

    @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to complete")
    void prompt(String text) {
        prompts.text(text);
    }

    @Option(names = "--ignore-eos", description = "Go on when the model says that the text is over")
    boolean ignoreEos;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; may be given several times")
    List<String> stopStrings = new ArrayList<>();

    @Option(names = "--json", description = "Print one JSON object a prompt")
    boolean json;

    private final Wiring wiring;

    GenerateCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        List<Setting<?>> settings = new ArrayList<>(ModelSettings.ALL);
        settings.add(SettingTable.MAX_NEW_TOKENS);
        settings.addAll(Sampling.SETTINGS);
        return settings;
    }

    @Override
    public ExitCode run(Settings settings) {
        prompts.check();
        wiring.announceDefaultModel(settings);
        CancelToken cancel = wiring.interruption().token();
        SamplerOptions sampling = Sampling.plain(settings); // refused, if at all, before a model is loaded
        try (ModelInUse model = wiring.open(settings);
                var completer = new Completer(model, request(model, settings, sampling), stopStrings)) {
            prompts.forEach(
                    wiring.environment(),
                    wiring.interruption().guard(wiring.streams().in()),
                    (index, prompt) -> complete(completer, index, prompt, cancel));
        }
        return ExitCode.OK;
    }

    private GenerationRequest request(ModelInUse model, Settings settings, SamplerOptions sampling) {
        return new GenerationRequest(
                settings.get(SettingTable.MAX_NEW_TOKENS),
                sampling,
                ignoreEos ? Set.of() : model.model().spec().endTokens());
    }

    private void complete(Completer completer, int index, Prompt prompt, CancelToken cancel) {
        Streams streams = wiring.streams();
        Consumer<String> live = json ? _ -> {} : text -> streams.print(ControlCharacters.neutralise(text));
        Completion completion = completer.complete(prompt, live, cancel);
        if (json) {
            streams.printLine(completion.json(index));
        } else {
            streams.printLine(
                    completion.text() == null
                            ? IdList.format(completion.generation().ids())
                            : "");
        }
        cancel.check();
    }
}
