package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.hub.ResolvedModel;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/** Measures one model in one form after the other; each is open alone. */
final class Verification {

    /** Tokens of the text that are predicted: enough for a figure, few enough for a giant. */
    private static final int MOST_TOKENS = 1024;

    private final Wiring wiring;
    private final Settings settings;
    private final ResolvedModel resolved;
    private final int[] ids;
    private final int newTokens;
    private String deviceName = "";

    /** How weights and cache are encoded. */
    record Form(WeightType weights, KvType kv) {

        String label() {
            return "weights " + weights.label() + ", KV cache " + kv.name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * @param text whose tokens are predicted
     * @throws CommandException if the model has no tokenizer
     */
    Verification(Wiring wiring, Settings settings, ResolvedModel resolved, String text, int newTokens) {
        this.wiring = wiring;
        this.settings = settings;
        this.resolved = resolved;
        this.newTokens = newTokens;
        if (!Tokenizers.present(resolved.folder())) {
            throw CommandException.model(
                    resolved.folder()
                            + " has no tokenizer (tokenizer.json, or vocab.json and merges.txt), which the text needs; add one");
        }
        try (Tokenizer tokenizer = Tokenizers.open(resolved.folder(), wiring.nativeCache())) {
            int[] all = tokenizer.encode(text);
            this.ids = Arrays.copyOf(all, Math.min(all.length, MOST_TOKENS));
        }
        if (ids.length < 2) {
            throw CommandException.usage("the text has " + ids.length + " tokens; give one of a few pages");
        }
    }

    /** What computed, once something was measured. */
    String deviceName() {
        return deviceName;
    }

    VerifyRow measure(Form form) {
        CancelToken cancel = wiring.interruption().token();
        try (Machine machine = wiring.machine(settings);
                Model model = open(machine, form)) {
            deviceName = machine.deviceName();
            int room = model.context() - newTokens;
            if (room < 2) {
                throw CommandException.usage("a context of " + model.context() + " tokens has no room for a text and "
                        + newTokens + " more; raise --context");
            }
            int[] text = Arrays.copyOf(ids, Math.min(ids.length, room));
            double perplexity = new Score(text, model.score(text, cancel)).perplexity();
            Generation generation = generate(model, text, cancel);
            return new VerifyRow(
                    form,
                    text.length,
                    perplexity,
                    text.length / generation.prefillSeconds(),
                    generation.decodeTokensPerSecond(),
                    model.activeShares(),
                    model.heldBytes(),
                    "");
        }
    }

    private Model open(Machine machine, Form form) {
        var options = wiring.engineOptions(settings)
                .model()
                .withWeights(form.weights())
                .withKv(form.kv());
        return new Packing(wiring, settings).open(resolved, machine, options);
    }

    private Generation generate(Model model, int[] text, CancelToken cancel) {
        try (Session session = model.session()) {
            session.prefill(text, cancel, ProgressListener.NONE);
            var request = new GenerationRequest(newTokens, SamplerOptions.greedy(), Set.of());
            return session.generate(request, cancel, _ -> TokenListener.Verdict.CONTINUE);
        }
    }
}
