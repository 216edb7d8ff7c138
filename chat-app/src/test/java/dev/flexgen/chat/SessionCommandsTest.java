package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saved sessions from the command line, with the demo model. */
class SessionCommandsTest {

    @TempDir
    private Path home;

    private Session session() {
        return new Session(home);
    }

    private Path folder() {
        return home.resolve(".local/state/flexgen-chat/sessions");
    }

    @Test
    void theLastConversationGoesOnAndRemembers() {
        session().typing("Hi! My name is Ana and I live in Quito.\n").run("-m", "demo");
        var outcome = session().typing("Where do I live?\n").run("-c");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).contains("Quito");
        assertThat(outcome.err()).contains("going on with the session '").contains("1 turn");

        var log = session().run("log");
        assertThat(log.out()).hasLineCount(1).contains("2 turns  demo  Hi! My name is Ana");
        var found = session().run("log", "-q", "quito NAME", "--json");
        assertThat(found.out())
                .hasLineCount(1)
                .contains("\"turn\":1,")
                .contains("\"message\":\"Hi! My name is Ana and I live in Quito.\",\"reply\":\"");
        assertThat(session().run("log", "--json").out()).contains("\"turns\":2,\"title\":\"Hi! My");
        assertThat(session().run("log", "-q", "zebra").exitCode()).isEqualTo(ExitCode.FAILURE);
    }

    @Test
    void aNamedSessionIsBegunAndGoneOnWithByQuestionsToo() {
        session().run("My name is Bruno. Hello!", "-m", "demo", "--session", "bruno");
        var outcome = session().run("What is my name?", "--session", "bruno", "--quiet");

        assertThat(outcome.out()).contains("Bruno");
        assertThat(outcome.err()).isEmpty();
        assertThat(session().run("log", "bruno").out())
                .startsWith("bruno, turn 1, 20")
                .contains("\n> My name is Bruno. Hello!\n")
                .contains("\n> What is my name?\n");
    }

    /** Whoever can put a file there could write to the terminal otherwise, or into the chat's completion. */
    @Test
    void aFileWhoseNameNoSessionCanHaveIsNotListed() throws IOException {
        session().run("Hello to you", "-m", "demo", "--session", "mine");
        Path mine = folder().resolve("mine.jsonl");
        for (String name : List.of("a\u001b]2;owned\u0007", "line\nfeed", "bidi\u202e", "-", ".hidden", " ")) {
            Files.copy(mine, folder().resolve(name + ".jsonl"));
        }
        assertThat(session().run("log").out()).hasLineCount(1).startsWith("mine ");
        assertThat(session().run("log", "--json").out()).hasLineCount(1);
    }

    @Test
    void theSettingsFileIsNamedHarmlessly() {
        var outcome = session()
                .with("XDG_CONFIG_HOME", home + "/a\u001b]2;owned\u0007b")
                .run("config");
        assertThat(outcome.err()).contains("]2;owned").doesNotContain("\u001b", "\u0007");
    }

    @Test
    void nothingIsKeptWithNoSave() {
        session().run("Hello to you", "-m", "demo", "--no-save");
        session().with("FLEXGEN_NO_SAVE", "true").run("Hello to you", "-m", "demo");

        assertThat(folder()).doesNotExist();
        var outcome = session().run("-c");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err())
                .contains("there is no session to go on with yet")
                .hasLineCount(1);
    }

    @Test
    void theSystemTextAndChosenSettingsGoOnToo() throws IOException {
        session().run("Hello to you", "-m", "demo", "--session", "s", "--system", "Be brief.", "--max-new-tokens", "3");
        assertThat(Files.readString(folder().resolve("s.jsonl")))
                .contains("\"system\":\"Be brief.\"")
                .contains("\"max-new-tokens\":\"3\"");
        var outcome = session().run("What does the planner do?", "--session", "s");
        assertThat(outcome.out().split("\\s+")).hasSizeLessThan(6);
        var other = session().run("What does the planner do?", "--session", "s", "--max-new-tokens", "200");
        assertThat(other.out().split("\\s+")).hasSizeGreaterThan(6);
    }

    @Test
    void aSessionWhoseModelIsGoneSaysSoAndGoesOnWithAnother() throws IOException {
        Files.createDirectories(folder());
        Files.writeString(folder().resolve("old.jsonl"), """
                {"flexgen-session":1,"model":"opt-1.3b"}
                {"message":"My name is Ana.","at":"2026-11-28T10:00:00Z"}
                {"reply":"Hello, Ana.","end":"finished"}
                """);
        var gone = session().run("What is my name?", "-c");
        assertThat(gone.exitCode()).isEqualTo(ExitCode.MODEL);
        assertThat(gone.err())
                .startsWith("flexgen-chat: the session 'old' is with opt-1.3b, which cannot be had any more: ")
                .endsWith("to go on with another model: flexgen-chat --session old -m demo\n")
                .hasLineCount(1);
        assertThat(session().run("What is my name?", "-c", "-m", "demo").out()).contains("Ana");
        assertThat(session().run("What is my name?", "-c").exitCode()).isEqualTo(ExitCode.OK); // it is the demo's now
    }

    @Test
    void oneThatCannotBeReadDoesNotHideTheOthers() throws IOException {
        session().run("Hello to you", "-m", "demo", "--session", "good");
        Files.writeString(folder().resolve("new.jsonl"), "{\"flexgen-session\":9}\n");

        assertThat(session().run("log").out()).hasLineCount(2).contains("newer flexgen-chat");
        var found = session().run("log", "-q", "hello");
        assertThat(found.out()).contains("> Hello to you");
        assertThat(found.err()).contains("newer flexgen-chat").hasLineCount(1);
        assertThat(found.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(session().run("Hello to you", "--session", "new").exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(session().run("-c", "--session", "x").exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(session().run("Hello to you", "--session", "a/b").exitCode()).isEqualTo(ExitCode.USAGE);
    }
}
