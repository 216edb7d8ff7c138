package dev.flexgen.chat.bundled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.Checkout;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.Drafter;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.LookupDrafter;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelDrafter;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.Speculation;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often drafts for the demo model are right, on dialogues that it was not trained on; and that they change no reply. */
class DemoDraftsTest {

    private static final int REPLY = 48;
    private static final List<String> STOPS = PromptFormat.of(PromptStyle.DEMO).stopStrings();

    @TempDir
    static Path folder;

    private static Path eval = Path.of("");
    private static Set<Integer> endTokens = Set.of();

    /** What became of one kind of drafts. */
    private static final class Tally {
        private int places;
        private int guesses;
        private int right;
        private long drafted;
        private long accepted;

        double acceptance() {
            return (double) right / guesses;
        }

        String row(String name) {
            return String.format(
                    Locale.ROOT,
                    "| %s | %.3f | %.1f %% | %d of %d |%n",
                    name,
                    acceptance(),
                    100.0 * guesses / places,
                    accepted,
                    drafted);
        }
    }

    @BeforeAll
    static void needsTheSources() {
        Path root = Checkout.root().orElse(Path.of(""));
        eval = root.resolve("chat-app/demo-model/eval/heldout.jsonl");
        Assumptions.assumeTrue(Files.isRegularFile(eval), "the held-out set is in the sources, which are not here");
    }

    @Test
    void aFewDialoguesAreTheSameAndTheModelsOwnCopyIsMostlyRight() throws IOException {
        Tally self = Objects.requireNonNull(tallies(6).get("self"));
        assertThat(self.acceptance()).isGreaterThan(0.9);
    }

    /** The table in docs/BENCHMARKS.md: {@code mvn -pl chat-app -am test -Dsurefire.failIfNoSpecifiedTests=false -Dexcluded.test.groups= -Dgroups=evaluation -Dtest=DemoDraftsTest}. */
    @Test
    @Tag("evaluation")
    void twoHundredDialogues() throws IOException {
        StringBuilder table = new StringBuilder(
                "| draft | acceptance per token | places with a guess | of those drafted in replies |\n| --- | --- | --- | --- |\n");
        Map<String, Tally> tallies = tallies(200);
        tallies.forEach((name, tally) -> table.append(tally.row(name)));
        Files.writeString(Path.of("target", "demo-drafts.md"), table);
        assertThat(Objects.requireNonNull(tallies.get("self")).acceptance())
                .as(table.toString())
                .isGreaterThanOrEqualTo(0.9);
    }

    /** Fails if a draft changes a reply. */
    private static Map<String, Tally> tallies(int dialogues) throws IOException {
        BundledModels bundled = new BundledModels(folder.resolve("cache"));
        Path demo = bundled.folder(BundledModel.DEMO);
        EngineOptions options = EngineOptions.defaults().withThreads(2).withWeights(WeightType.F16);
        Map<String, Tally> tallies = new LinkedHashMap<>();
        List<HeldOutItem> items = HeldOutItem.read(eval);
        try (OpenModel target = OpenModel.open(demo, options);
                OpenModel self = OpenModel.open(demo, options.withWeights(WeightType.Q4));
                OpenModel small = OpenModel.open(bundled.folder(BundledModel.DEMO_DRAFT), options);
                Tokenizer tokenizer = Tokenizers.open(demo, folder.resolve("native"));
                Session session = target.session()) {
            endTokens = target.spec().endTokens();
            for (int i = 0; i < dialogues; i++) {
                int[] prompt = tokenizer.encode(
                        items.get(i * (items.size() / dialogues)).prompt());
                int[] plain = reply(tokenizer, session, prompt, null);
                judge(tallies, "self", drafter(self.model(), target.model()), tokenizer, session, prompt, plain);
                judge(tallies, "demo-draft", drafter(small.model(), target.model()), tokenizer, session, prompt, plain);
                judge(tallies, "lookup", new LookupDrafter(), tokenizer, session, prompt, plain);
            }
        }
        return tallies;
    }

    private static Drafter drafter(Model draft, Model target) {
        return ModelDrafter.of(draft, target, target.context());
    }

    private static void judge(
            Map<String, Tally> tallies,
            String name,
            Drafter drafter,
            Tokenizer tokenizer,
            Session session,
            int[] prompt,
            int[] plain) {
        Tally tally = tallies.computeIfAbsent(name, _ -> new Tally());
        try (Speculation speculation = new Speculation(drafter)) {
            int[] all = Arrays.copyOf(prompt, prompt.length + plain.length);
            System.arraycopy(plain, 0, all, prompt.length, plain.length);
            for (int length = prompt.length; length < all.length; length++) {
                int[] guess = drafter.draft(Arrays.copyOf(all, length), length, 1, new CancelToken());
                tally.places++;
                tally.guesses += guess.length;
                tally.right += guess.length > 0 && guess[0] == all[length] ? 1 : 0;
            }
            assertThat(reply(tokenizer, session, prompt, speculation)).as(name).containsExactly(plain);
            tally.drafted += speculation.drafted();
            tally.accepted += speculation.accepted();
        }
    }

    /** A reply as the chat would have it: it ends where the model begins to write the user's part. */
    private static int[] reply(Tokenizer tokenizer, Session session, int[] prompt, @Nullable Speculation drafts) {
        var request = new GenerationRequest(REPLY, SamplerOptions.greedy(), endTokens);
        List<Integer> ids = new ArrayList<>();
        TokenListener listener = id -> {
            ids.add(id);
            String text = tokenizer.decode(ids.stream().mapToInt(it -> it).toArray());
            return STOPS.stream().anyMatch(text::contains)
                    ? TokenListener.Verdict.STOP
                    : TokenListener.Verdict.CONTINUE;
        };
        session.prefill(prompt, new CancelToken(), ProgressListener.NONE);
        return session.generate(request, new CancelToken(), listener, drafts).ids();
    }
}
