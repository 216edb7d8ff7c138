package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.dialogue.RecordingListener;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.Transcript.Exchange;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.FakeChat;
import dev.flexgen.chat.sessions.command.SessionCommands;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionsTest {

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-28T19:42:12Z"), ZoneOffset.UTC);
    private static final String NAME = "2026-11-28-194212";

    @TempDir
    private Path state;

    private final List<String> complaints = new ArrayList<>();
    private final AtomicLong room = new AtomicLong(Long.MAX_VALUE);
    private final List<SessionDesk> desks = new ArrayList<>();

    private SessionStore store() {
        return new SessionStore(state, CLOCK, (channel, bytes) -> {
            if (bytes.remaining() > room.get()) {
                ByteBuffer some = bytes.slice(bytes.position(), (int) room.get());
                channel.write(some);
                throw new IOException("No space left on device");
            }
            SessionFile.REAL.append(channel, bytes);
        });
    }

    private FakeChat chat(SessionDesk desk) {
        desks.add(desk);
        var chat = new FakeChat(Commands.standard().with(SessionCommands.of(desk)));
        desk.attach(chat.dialogue());
        return chat;
    }

    private SessionDesk desk(boolean keep) {
        return new SessionDesk(
                store(), "demo", Map.of("temperature", "0.5"), keep, SessionDesk.Cache.OFF, complaints::add, _ -> {});
    }

    private FakeChat chat() {
        return chat(desk(true));
    }

    @AfterEach
    void closeAll() {
        desks.forEach(SessionDesk::close);
    }

    private Path file(String name) {
        return state.resolve("sessions").resolve(name + ".jsonl");
    }

    private static List<String> said(SavedSession session) {
        return session.turns().stream()
                .map(turn -> turn.message() + "|" + turn.reply())
                .toList();
    }

    @Test
    void aConversationIsKeptAsItGoesForTheUserAlone() throws IOException {
        FakeChat chat = chat();
        assertThat(store().names()).isEmpty();
        chat.say("Hi, I am Ána.\nReally.", "Hello!");

        assertThat(store().names()).containsExactly(NAME);
        SavedSession session = store().read(NAME);
        assertThat(said(session)).containsExactly("Hi, I am Ána.\nReally.|Hello!");
        assertThat(session.model()).isEqualTo("demo");
        assertThat(session.settings()).containsExactly(Map.entry("temperature", "0.5"));
        assertThat(session.damagedLines()).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(NAME))))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(file(NAME).getParent())))
                .isEqualTo("rwx------");
        chat.say("And now?", "Still hello.");
        assertThat(said(store().read(NAME))).hasSize(2).last().isEqualTo("And now?|Still hello.");
    }

    @Test
    void aMessageIsInTheFileBeforeItsReply() {
        FakeChat chat = chat();
        chat.say("a", "b");
        chat.model.saysAndFails("Hel", new IllegalStateException("broken"));
        assertThatThrownBy(() -> chat.dialogue()
                        .say(
                                "Anybody?",
                                new ReplyOptions(256, SamplerOptions.greedy()),
                                new RecordingListener(),
                                new CancelToken()))
                .hasMessage("broken");
        assertThat(store().read(NAME).unanswered()).contains("Anybody?");
        assertThat(said(store().read(NAME))).containsExactly("a|b");
    }

    @Test
    void whatIsTakenBackRetriedAndClearedIsFollowed() {
        FakeChat chat = chat();
        chat.say("one", "1");
        chat.say("two", "2");
        chat.run("/undo");
        assertThat(said(store().read(NAME))).containsExactly("one|1");
        chat.run("/redo");
        assertThat(said(store().read(NAME))).containsExactly("one|1", "two|2");
        chat.run("/clear");
        assertThat(said(store().read(NAME))).isEmpty();
        chat.run("/undo");
        assertThat(said(store().read(NAME))).containsExactly("one|1", "two|2");
        chat.run("/new");
        chat.say("other", "o");
        assertThat(store().names()).containsExactlyInAnyOrder(NAME, NAME + "-2");
        assertThat(said(store().read(NAME + "-2"))).containsExactly("other|o");
    }

    @Test
    void aSessionIsNamedListedLoadedRenamedDeletedAndBroughtBack() {
        FakeChat chat = chat();
        chat.say("My name is Ana.", "Hello, Ana.");
        chat.run("/save ana");
        assertThat(chat.remarks).last().isEqualTo("[kept as the session ana]");
        chat.run("/new");
        chat.say("Other", "Things");
        chat.run("/load ana");
        assertThat(chat.dialogue().transcript().exchanges())
                .extracting(Exchange::message)
                .containsExactly("My name is Ana.");
        chat.say("Who am I?", "Ana.");
        assertThat(said(store().read("ana"))).containsExactly("My name is Ana.|Hello, Ana.", "Who am I?|Ana.");
        chat.run("/sessions");
        assertThat(chat.remarks.getLast()).contains("ana").contains("2 turns  demo  My name is Ana.");
        chat.run("/rename anna");
        assertThat(store().names()).contains("anna").doesNotContain("ana");
        chat.say("And now?", "Anna.");
        assertThat(said(store().read("anna"))).hasSize(3);
        chat.run("/delete");
        assertThat(store().names()).doesNotContain("anna");
        chat.run("/delete undo anna");
        assertThat(said(store().read("anna"))).hasSize(3);
        assertThat(chat.errors).isEmpty();
    }

    @Test
    void whatCannotBeDoneIsSaidInOneSentence() {
        FakeChat chat = chat();
        chat.run("/save");
        chat.run("/load nothere");
        chat.run("/rename x");
        chat.run("/delete");
        chat.run("/delete undo ghost");
        chat.say("a", "b");
        chat.run("/save ../../evil");
        chat.run("/save first");
        chat.run("/new");
        chat.say("c", "d");
        chat.run("/save first");
        assertThat(chat.errors).hasSize(7).allMatch(error -> error.endsWith(".") && !error.contains("\n"));
        assertThat(said(store().read("first"))).containsExactly("a|b");
    }

    @Test
    void withoutSavingNothingIsWrittenUntilItIsWanted() {
        FakeChat chat = chat(desk(false));
        chat.say("a", "b");
        assertThat(state.resolve("sessions")).doesNotExist();
        chat.run("/save later");
        chat.say("c", "d");
        assertThat(said(store().read("later"))).containsExactly("a|b", "c|d");
    }

    @Test
    void twoProgramsCannotWriteOneSession() {
        FakeChat chat = chat();
        chat.say("a", "b");
        assertThatThrownBy(() -> desk(true).goOnWith(store().read(NAME)))
                .hasMessageStartingWith("the session '" + NAME + "' is in use by another flexgen-chat");
        desk(false).goOnWith(store().read(NAME)); // reading alone takes nothing away
        chat.say("c", "d");
        assertThat(said(store().read(NAME))).containsExactly("a|b", "c|d");
    }

    @Test
    void aFullDiskLosesNothingOnceThereIsRoom() {
        FakeChat chat = chat();
        chat.say("a", "b");
        room.set(7);
        chat.say("c", "d");
        assertThat(complaints).hasSize(1).first().asString().contains("No space left on device");
        assertThat(store().read(NAME).damagedLines()).isZero();
        assertThat(said(store().read(NAME))).containsExactly("a|b");
        room.set(Long.MAX_VALUE);
        chat.say("e", "f");
        assertThat(said(store().read(NAME))).containsExactly("a|b", "c|d", "e|f");
        assertThat(complaints).hasSize(2).last().asString().endsWith("nothing of it is missing");
    }

    @Test
    void aFolderThatCannotBeMadeIsSaidOnceAndTheChatGoesOn() throws IOException {
        Files.writeString(state.resolve("sessions"), "a file");
        FakeChat chat = chat();
        chat.say("a", "b");
        chat.say("c", "d");
        assertThat(complaints).hasSize(1).first().asString().startsWith("this conversation is not kept");
        assertThat(chat.dialogue().turns()).hasSize(2);
    }

    @Test
    void aNewerSessionIsRefusedAndNotTouched() throws IOException {
        Files.createDirectories(file("new").getParent());
        String content = "{\"flexgen-session\":2,\"model\":\"demo\"}\n{\"shape\":\"unknown\"}\n";
        Files.writeString(file("new"), content);
        assertThatThrownBy(() -> store().read("new"))
                .hasMessage("the session 'new' was written by a newer flexgen-chat (format 2, this one knows 1);"
                        + " update flexgen-chat, or begin another session with --session NAME");
        FakeChat chat = chat();
        chat.run("/load new");
        assertThat(chat.errors).hasSize(1);
        assertThat(file("new")).hasContent(content);
    }

    @Test
    void aReplyThatEndsWithinACharacterIsNotDamaged() throws IOException {
        FakeChat chat = chat();
        chat.say("a", "half\uFFFD");
        SavedSession session = store().read(NAME);
        assertThat(said(session)).containsExactly("a|half\uFFFD");
        assertThat(session.damagedLines()).isZero();
    }

    @Test
    void damageCostsOnlyWhatIsDamaged() throws IOException {
        FakeChat chat = chat();
        chat.say("a", "b");
        chat.run("/new");
        Files.write(file(NAME), "garbage {{{\n".getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
        Files.write(
                file(NAME),
                new byte[] {'{', '"', 'm', 'e', 's', 's', 'a', 'g', 'e', '"', ':', '"', (byte) 0xFF, '"', '}', '\n'},
                StandardOpenOption.APPEND);
        Files.writeString(file(NAME), "{\"reply\":\"ok\",\"end\":\"finished\"}\n{\"mess", StandardOpenOption.APPEND);
        SavedSession session = store().read(NAME);
        assertThat(said(session)).containsExactly("a|b", "\uFFFD|ok");
        assertThat(session.damagedLines()).isEqualTo(2);

        chat.run("/load " + NAME);
        chat.say("c", "d");
        assertThat(said(store().read(NAME))).containsExactly("a|b", "\uFFFD|ok", "c|d");
        assertThat(Files.readAllBytes(file(NAME))).contains((byte) 0xFF);
    }

    @Test
    void fieldsAndLinesThatALaterVersionAddsArePassedOver() throws IOException {
        Files.createDirectories(file("more").getParent());
        Files.writeString(file("more"), """
                {"flexgen-session":1,"model":"demo","colour":"blue"}
                {"message":"a","mood":1}
                {"reply":"b","end":"surprise"}
                {"weather":"fine"}
                """);
        SavedSession session = store().read("more");
        assertThat(said(session)).containsExactly("a|b");
        assertThat(session.damagedLines()).isZero();
    }

    @Test
    void aLostTerminalLetsTheReplyFinishIntoTheSession() throws Exception {
        assumeThat(hangupIsIgnored())
                .as("whoever runs the tests ignores the signal, as nohup does")
                .isFalse();
        List<Integer> exits = Collections.synchronizedList(new ArrayList<>());
        var desk = new SessionDesk(store(), "demo", Map.of(), true, SessionDesk.Cache.OFF, complaints::add, exits::add);
        FakeChat chat = chat(desk);
        chat.model.saysAndHangs("So far, so good.");
        var cancel = new CancelToken();
        Thread reply = Thread.ofPlatform()
                .start(() -> chat.dialogue()
                        .say("Well?", new ReplyOptions(256, SamplerOptions.greedy()), new RecordingListener(), cancel));
        chat.model.awaitHanging();
        String self = Long.toString(ProcessHandle.current().pid());
        assertThat(new ProcessBuilder("kill", "-HUP", self).start().waitFor()).isZero();
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!desk.hungUp() && System.nanoTime() < end) {
            Thread.sleep(5); // signals take their time
        }
        assertThat(desk.hungUp()).isTrue();
        assertThat(reply.isAlive()).isTrue();
        assertThat(exits).isEmpty();

        cancel.cancel(); // the reply comes to its end
        assertThat(reply.join(Duration.ofSeconds(10))).isTrue();
        assertThat(exits).containsExactly(129);
        assertThat(said(store().read(NAME))).containsExactly("Well?|So far, so good.");
    }

    private static boolean hangupIsIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line -> Character.digit(line.charAt(line.length() - 1), 16) % 2 == 1);
    }
}
