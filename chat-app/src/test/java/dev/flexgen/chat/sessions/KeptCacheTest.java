package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.EngineChatModel;
import dev.flexgen.chat.dialogue.RecordingListener;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.TokenIds;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a real, tiny model of 128 positions holds of a session is kept beside it, and used when the session goes on. */
@Timeout(60)
class KeptCacheTest {

    private static final Duration NEVER = Duration.ofHours(1);
    private static final ReplyOptions SHORT = new ReplyOptions(6, SamplerOptions.greedy());

    @TempDir
    private static Path nativeCache;

    private static Tokenizer tokenizer;

    @TempDir
    private Path state;

    private final List<String> remarks = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();

    @BeforeAll
    static void openTokenizer() {
        tokenizer = Tokenizers.open(Fixtures.golden("opt-f32"), nativeCache);
    }

    @AfterAll
    static void closeTokenizer() {
        tokenizer.close();
    }

    /** A program that talks in the session "talk". */
    private final class Chat implements AutoCloseable {
        final OpenModel engine;
        final EngineChatModel model;
        final SessionDesk desk;
        final Dialogue dialogue;

        Chat(long quota, Duration idle, String golden, KvType kv) {
            this(quota, idle, Fixtures.golden(golden), kv);
        }

        Chat(long quota, Duration idle, Path folder, KvType kv) {
            engine = OpenModel.open(
                    folder, EngineOptions.defaults().withThreads(1).withKv(kv));
            model = new EngineChatModel(engine.model(), tokenizer);
            var cache = new SessionDesk.Cache(quota, idle, remarks::add);
            desk = new SessionDesk(store(), "demo", Map.of(), true, cache, complaints::add, _ -> {});
            if (store().has("talk")) {
                desk.goOnWith(store().read("talk"));
            } else {
                desk.wantName("talk");
            }
            dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
            desk.attach(dialogue);
        }

        Chat() {
            this(0, NEVER, "opt-f32", KvType.AUTO);
        }

        Reply say(String message) {
            return dialogue.say(message, SHORT, new RecordingListener(), new CancelToken());
        }

        @Override
        public void close() {
            desk.finish();
            model.close();
            engine.close();
            desk.close();
        }
    }

    private SessionStore store() {
        return new SessionStore(state, Clock.systemUTC());
    }

    private Path file(String name) {
        return state.resolve("sessions").resolve(name);
    }

    private void talk(String... messages) {
        try (Chat chat = new Chat()) {
            for (String message : messages) {
                chat.say(message);
            }
        }
    }

    /** What an uninterrupted conversation says last. */
    private static String alone(String... messages) {
        try (OpenModel engine = OpenModel.open(
                        Fixtures.golden("opt-f32"), EngineOptions.defaults().withThreads(1));
                var model = new EngineChatModel(engine.model(), tokenizer)) {
            var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
            Reply reply = null;
            for (String message : messages) {
                reply = dialogue.say(message, SHORT, new RecordingListener(), new CancelToken());
            }
            return reply == null ? "" : reply.text();
        }
    }

    @Test
    void aSessionGoesOnWithoutReadingAgain() throws IOException {
        talk("hello there", "and again");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file("talk.kv"))))
                .isEqualTo("rw-------");
        try (Chat chat = new Chat()) {
            Reply reply = chat.say("what is that?");
            int asked = chat.dialogue.turns().getLast().promptIds().length();
            assertThat(reply.prefilledTokens()).isBetween(asked, asked + 1);
            assertThat(reply.text()).isEqualTo(alone("hello there", "and again", "what is that?"));
        }
        assertThat(store().read("talk").turns()).hasSize(3);
        assertThat(remarks).isEmpty();
        assertThat(complaints).isEmpty();
        try (var files = Files.list(state.resolve("sessions"))) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void theModelsOwnTokensAreHeldAndNotThoseOfTheText() {
        List<TokenIds> said = new ArrayList<>();
        try (Chat chat = new Chat()) {
            for (int i = 0; i < 4; i++) {
                chat.dialogue.say(
                        "say " + i,
                        new ReplyOptions(9, new SamplerOptions(1.5, 0, 1, 0, 1, i)),
                        new RecordingListener(),
                        new CancelToken());
            }
            chat.dialogue.turns().forEach(turn -> said.add(turn.replyIds()));
        }
        try (Chat chat = new Chat()) {
            List<TokenIds> again = new ArrayList<>();
            chat.dialogue.turns().forEach(turn -> again.add(turn.replyIds()));
            assertThat(again.subList(0, 3)).isEqualTo(said.subList(0, 3));
            // The last token was chosen and not computed, so it is not in the file.
            assertThat(tokenizer.decode(again.getLast().toArray()))
                    .isEqualTo(tokenizer.decode(said.getLast().toArray()));
        }
    }

    @Test
    void turnsThatTheModelHadForgottenAreForgotten() {
        String[] messages = new String[12];
        for (int i = 0; i < messages.length; i++) {
            messages[i] = "message number " + i + " of a long talk";
        }
        int held;
        try (Chat chat = new Chat()) {
            for (String message : messages) {
                chat.say(message);
            }
            held = chat.dialogue.held().size();
            assertThat(held).isLessThan(messages.length);
        }
        try (Chat chat = new Chat()) {
            assertThat(chat.dialogue.turns()).hasSize(messages.length);
            assertThat(chat.dialogue.held()).hasSize(held);
            Reply reply = chat.say("ok?");
            assertThat(reply.prefilledTokens())
                    .isLessThanOrEqualTo(
                            chat.dialogue.turns().getLast().promptIds().length() + 1);
        }
    }

    @Test
    void whateverIsWrongWithAFileIsSaidOnceAndTheReplyIsTheSame() throws IOException {
        talk("hello there", "and again");
        byte[] whole = Files.readAllBytes(file("talk.kv"));
        byte[] session = Files.readAllBytes(file("talk.jsonl"));
        String expected;
        try (Chat chat = new Chat(-1, NEVER, "opt-f32", KvType.AUTO)) {
            expected = chat.say("and?").text();
        }
        byte[] early = whole.clone();
        early[30] ^= 4;
        byte[] late = whole.clone();
        late[whole.length - 700] ^= 4;
        Map<String, byte[]> cases = Map.of(
                "is damaged",
                early,
                " is damaged",
                late,
                "  is damaged",
                Arrays.copyOf(whole, whole.length / 2),
                "is not one of flexgen-chat's",
                new byte[5000]);
        for (var damage : cases.entrySet()) {
            Files.write(file("talk.kv"), damage.getValue());
            Files.write(file("talk.jsonl"), session);
            remarks.clear();
            try (Chat chat = new Chat()) {
                boolean tokensAreKnown = Arrays.equals(damage.getValue(), late);
                assertThat(chat.say("and?").text())
                        .isEqualTo(tokensAreKnown ? alone("hello there", "and again", "and?") : expected);
                chat.say("ok");
            }
            assertThat(remarks)
                    .containsExactly("the saved cache of the session 'talk' "
                            + damage.getKey().strip() + ", so the model reads the conversation again");
        }
        assertThat(complaints).isEmpty();
    }

    @Test
    void anotherEncodingAndAnotherModelReadAgain() {
        talk("hello there", "and again");
        try (Chat chat = new Chat(0, NEVER, "opt-f32", KvType.F16)) {
            chat.say("and?");
        }
        assertThat(remarks).hasSize(1).first().asString().contains("is of another model or number format");
        try (Chat chat = new Chat(0, NEVER, "opt-bf16", KvType.F16)) {
            chat.say("and?");
        }
        assertThat(remarks).hasSize(2);
        assertThat(store().read("talk").turns()).hasSize(4);
    }

    @Test
    void aModelThatIsRemovedMeanwhileTalksOn() throws IOException {
        Path copy = state.resolve("model");
        Files.createDirectories(copy);
        try (var files = Files.list(Fixtures.golden("opt-f32"))) {
            for (Path from : files.toList()) {
                Files.copy(from, copy.resolve(from.getFileName().toString()));
            }
        }
        talk("hello there");
        try (Chat chat = new Chat(0, NEVER, copy, KvType.AUTO)) {
            try (var files = Files.list(copy)) {
                for (Path gone : files.toList()) {
                    Files.delete(gone);
                }
            }
            Files.delete(copy);
            assertThat(chat.say("and again").text()).isNotEmpty();
        }
        assertThat(store().read("talk").turns()).hasSize(2);
        assertThat(complaints).isEmpty();
        talk("so?");
        assertThat(store().read("talk").turns()).hasSize(3);
    }

    @Test
    void nothingIsKeptOrReadWhereThatIsOff() {
        try (Chat chat = new Chat(-1, Duration.ZERO, "opt-f32", KvType.AUTO)) {
            chat.say("hello there");
        }
        assertThat(file("talk.kv")).doesNotExist();
        talk("and again");
        assertThat(file("talk.kv")).exists();
        try (Chat chat = new Chat(-1, Duration.ZERO, "opt-f32", KvType.AUTO)) {
            assertThat(chat.say("and?").prefilledTokens()).isGreaterThan(10);
        }
    }

    @Test
    void aFileIsWrittenWhenNobodySaysAnything() throws Exception {
        try (Chat chat = new Chat(0, Duration.ofMillis(1), "opt-f32", KvType.AUTO)) {
            chat.say("hello there");
            long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (!Files.exists(file("talk.kv")) && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            assertThat(file("talk.kv")).exists();
        }
    }

    @Test
    void theOldestGoWhereThereIsNoRoomForAll() throws IOException {
        talk("hello there");
        long bytes = Files.size(file("talk.kv"));
        for (String other : List.of("old", "older", "gone")) {
            Files.write(file(other + ".kv"), new byte[(int) bytes]);
            Files.writeString(file(other + ".jsonl"), "");
        }
        Files.setLastModifiedTime(file("old.kv"), FileTime.from(Instant.now().minusSeconds(100)));
        Files.setLastModifiedTime(file("older.kv"), FileTime.from(Instant.now().minusSeconds(1000)));
        Files.delete(file("gone.jsonl"));
        Files.write(file("talk.kv.123.new"), new byte[10]);
        Files.setLastModifiedTime(
                file("talk.kv.123.new"), FileTime.from(Instant.now().minusSeconds(3600)));
        try (Chat chat = new Chat(3 * bytes + 2000, NEVER, "opt-f32", KvType.AUTO)) {
            chat.say("and again");
        }
        assertThat(file("gone.kv")).doesNotExist();
        assertThat(file("talk.kv.123.new")).doesNotExist();
        assertThat(file("old.kv")).exists();
        assertThat(file("older.kv")).exists();
        try (Chat chat = new Chat(2 * bytes + 2000, NEVER, "opt-f32", KvType.AUTO)) {
            chat.say("and?");
        }
        assertThat(file("older.kv")).doesNotExist();
        assertThat(file("old.kv")).exists();
        assertThat(remarks).isEmpty();
        try (Chat chat = new Chat(bytes / 2, NEVER, "opt-f32", KvType.AUTO)) {
            chat.say("so?");
            chat.desk.finish();
            chat.say("well?");
        }
        assertThat(remarks).hasSize(1).first().asString().contains("over the limit");
        assertThat(file("old.kv")).exists();
    }

    @Test
    void theFileGoesWithItsSession() {
        try (Chat chat = new Chat()) {
            chat.say("hello there");
            chat.desk.finish();
            chat.desk.rename("other");
            assertThat(file("talk.kv")).doesNotExist();
            assertThat(file("other.kv")).exists();
            chat.say("and again");
            chat.desk.finish();
            assertThat(file("talk.kv")).doesNotExist();
            chat.desk.delete("other");
            assertThat(file("other.kv")).doesNotExist();
        }
        assertThat(file("other.kv")).doesNotExist();
        assertThat(file("talk.kv")).doesNotExist();
    }

    @Test
    void anotherSessionIsLoadedInTheMiddleAndBothAreKept() {
        talk("hello there", "and again");
        try (Chat chat = new Chat()) {
            chat.dialogue.beginAnother();
            chat.say("something else");
            String name = chat.desk.name().orElseThrow();
            assertThat(name).isNotEqualTo("talk");
            chat.desk.load("talk", chat.dialogue);
            assertThat(file(name + ".kv")).exists();
            Reply reply = chat.say("what is that?");
            assertThat(reply.prefilledTokens())
                    .isLessThanOrEqualTo(
                            chat.dialogue.turns().getLast().promptIds().length() + 1);
            assertThat(reply.text()).isEqualTo(alone("hello there", "and again", "what is that?"));
        }
        assertThat(remarks).isEmpty();
    }

    @Test
    void aFolderThatCannotBeWrittenIsSaidOnce() throws IOException {
        try (Chat chat = new Chat()) {
            chat.say("hello there");
            Files.createDirectory(file("talk.kv"));
            Files.createFile(file("talk.kv").resolve("in the way"));
            chat.desk.finish();
            chat.say("and again");
        }
        assertThat(remarks)
                .hasSize(1)
                .first()
                .asString()
                .startsWith("what the model holds of the session 'talk' is not kept");
        assertThat(store().read("talk").turns()).hasSize(2);
    }
}
