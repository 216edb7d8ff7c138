package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.EngineChatModel;
import dev.flexgen.chat.dialogue.RecordingListener;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.Transcript.Exchange;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chat that is killed while it writes what its model holds leaves a whole file or the one before, and no wrong reply. */
class KilledKeeperTest {

    private static final int KILLS = Boolean.getBoolean("flexgen.full") ? 50 : 2;

    @TempDir
    private static Path nativeCache;

    @TempDir
    private Path folder;

    private final List<String> remarks = new ArrayList<>();

    @Test
    void noKillLeavesAFileThatIsDamagedOrSaysSomethingElse() throws Exception {
        Path model = Fixtures.golden("opt-f32");
        var program = new KilledProgram(folder, KilledKeeper.class);
        int last = -1;
        for (int kill = 0; kill < KILLS; kill++) {
            last = program.runAndKill(
                    20, model.toString(), nativeCache.toString(), folder.toString(), Integer.toString(last + 1));
            List<Exchange> turns =
                    new SessionStore(folder, Clock.systemUTC()).read("talk").turns();
            assertThat(turns.size()).isBetween(last + 1, last + 2);
            for (int number = 0; number < turns.size(); number++) {
                assertThat(turns.get(number).message()).isEqualTo("message " + number);
            }
            last = turns.size() - 1;
            assertThat(goOn(model, true)).isEqualTo(goOn(model, false));
            assertThat(remarks).isEmpty();
        }
    }

    @Test
    void aFullDiskIsSaidOnceAndTheSessionIsWhole() throws Exception {
        Path model = Fixtures.golden("opt-f32");
        var program = new KilledProgram(folder, KilledKeeper.class);
        String elsewhere = folder.resolve("first").toString();
        // Unpacks the tokenizer's library, which is larger than the limit.
        program.runAndKill(1, model.toString(), nativeCache.toString(), elsewhere, "0");
        List<String> said =
                program.runWithLimit(40, 12, model.toString(), nativeCache.toString(), folder.toString(), "0");
        assertThat(said).hasSize(1).first().asString().contains("is not kept: ").contains("File too large");
        assertThat(new SessionStore(folder, Clock.systemUTC()).read("talk").turns())
                .hasSizeGreaterThanOrEqualTo(12);
        try (var files = Files.list(folder.resolve("sessions"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".kv"))).isEmpty();
        }
    }

    /** The reply that comes next, with the kept file or with its tokens alone. */
    private String goOn(Path folderOfModel, boolean withFile) {
        try (OpenModel engine =
                        OpenModel.open(folderOfModel, EngineOptions.defaults().withThreads(1));
                Tokenizer tokenizer = Tokenizers.open(folderOfModel, nativeCache);
                var model = new EngineChatModel(engine.model(), tokenizer)) {
            var store = new SessionStore(folder, Clock.systemUTC());
            var cache = new SessionDesk.Cache(0, Duration.ofHours(1), remarks::add);
            var desk = new SessionDesk(store, "demo", Map.of(), false, cache, remarks::add, _ -> {});
            desk.goOnWith(store.read("talk"));
            var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
            desk.attach(dialogue);
            if (!withFile) {
                dialogue.model().memory().recall(folder.resolve("none"), dialogue.promptIds(), _ -> {});
            }
            String reply = dialogue.say(
                            "so?",
                            new ReplyOptions(12, SamplerOptions.greedy()),
                            new RecordingListener(),
                            new CancelToken())
                    .text();
            desk.close();
            return reply;
        }
    }
}
