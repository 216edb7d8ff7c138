package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Set;

/** What an engine says greedily after the golden prompts. */
final class Continuations {

    private Continuations() {}

    static int[] of(OpenModel engine, Expected.Prompt prompt) {
        try (Session conversation = engine.session()) {
            conversation.prefill(prompt.ids(), new CancelToken(), ProgressListener.NONE);
            GenerationRequest request =
                    new GenerationRequest(prompt.greedy().length, SamplerOptions.greedy(), Set.of());
            return conversation
                    .generate(request, new CancelToken(), id -> TokenListener.Verdict.CONTINUE)
                    .ids();
        }
    }

    /** They are those of transformers, for every prompt. */
    static void assertGolden(OpenModel engine, String model) {
        for (Expected.Prompt prompt : Expected.of(model).prompts()) {
            assertThat(of(engine, prompt))
                    .as("%s by %s", prompt.name(), engine.plan())
                    .isEqualTo(prompt.greedy());
        }
    }
}
