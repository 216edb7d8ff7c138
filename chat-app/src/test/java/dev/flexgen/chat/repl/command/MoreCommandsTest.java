package dev.flexgen.chat.repl.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.Turn;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Roles, summaries, several answers, downloads. */
class MoreCommandsTest {

    @TempDir
    private Path folder;

    private FakeChat chat;

    @BeforeEach
    void open() {
        chat = new FakeChat(Commands.standard(), folder);
    }

    private void role(String name, String text) throws IOException {
        Files.createDirectories(folder.resolve("roles"));
        Files.writeString(folder.resolve("roles").resolve(name + ".md"), text);
    }

    @Test
    void aRoleIsPlayedAndAnotherOneReplacesAllOfIt() throws IOException {
        role("wild", "---\ntemperature: 1.5\nseed: 4\n---\nBe wild.");
        role("calm", "---\ntemperature: 0.1\n---\nBe calm.");
        chat.run("/role wild");
        assertThat(chat.dialogue().systemText()).isEqualTo("Be wild.");
        assertThat(chat.settings().get(SettingTable.SEED)).hasValue(4);
        chat.run("/role calm");
        assertThat(chat.dialogue().systemText()).isEqualTo("Be calm.");
        assertThat(chat.settings().get(SettingTable.TEMPERATURE)).isEqualTo(0.1);
        assertThat(chat.settings().get(SettingTable.SEED)).isEmpty();
        assertThat(chat.remarks.getLast()).startsWith("[the role is calm now; the next turn reads ");
        assertThat(chat.errors).isEmpty();
    }

    @Test
    void rolesAreListedCompletedAndEdited() throws IOException {
        chat.run("/role");
        assertThat(chat.remarks.getLast()).startsWith("[no roles yet; /role edit NAME makes one in ");
        chat.editor = text -> text + "Be brief.";
        chat.run("/role edit brief");
        assertThat(folder.resolve("roles/brief.md")).hasContent("---\n# temperature: 0.7\n---\nBe brief.");
        chat.run("/role");
        assertThat(chat.remarks.getLast()).startsWith("brief            Be brief.\n[in ");
        assertThat(chat.commands().complete(List.of("/role", ""), chat))
                .extracting(Suggestion::text)
                .containsExactly("edit", "brief");
        chat.run("/role nobody");
        assertThat(chat.errors.getLast()).startsWith("There is no role 'nobody'; it would be the file ");
    }

    @Test
    void aSummaryStandsForOldTurnsAndCanBeTakenBack() {
        chat.say("tell me about the sea, please, in many words", "It is wide and deep and full of fish and ships.");
        chat.say("and the sky", "It is blue, mostly, and full of birds and clouds.");
        chat.say("and me", "You are you.");
        chat.model.says("Sea, sky.");
        chat.run("/compress");
        assertThat(chat.dialogue().turns()).extracting(Turn::reply).containsExactly("Sea, sky.", "You are you.");
        assertThat(chat.model.prompts().getLast())
                .endsWith("H: Please sum up our conversation so far in a few sentences.\nA:");
        assertThat(chat.remarks.getFirst()).startsWith("[opt-tiny sums up the oldest 2 turns, ");
        assertThat(chat.remarks.getLast()).isEqualTo("[the summary stands for 2 turns now]");
        chat.run("/redo");
        assertThat(chat.dialogue().turns()).hasSize(3);
    }

    @Test
    void aSummaryThatIsNoneOrNotShorterChangesNothing() {
        chat.run("/compress");
        assertThat(chat.errors.getLast()).isEqualTo("There is nothing to sum up yet: the model sees 0 turns.");
        chat.say("a", "b");
        chat.say("c", "d");
        chat.model.says("This is a summary that is much longer than what it is about.");
        chat.run("/compress");
        assertThat(chat.remarks.getLast()).isEqualTo("[nothing was changed: the summary is not whole, or not shorter]");
        chat.model.says("");
        chat.run("/compress");
        assertThat(chat.remarks.getLast()).isEqualTo("[nothing was changed: the summary is empty]");
        assertThat(chat.dialogue().turns()).hasSize(2);
        chat.run("/compress 2");
        assertThat(chat.errors.getLast()).startsWith("/compress takes a number of turns to keep from 1 to 1, not '2'");
    }

    @Test
    void bestNeedsANumberAndAMessage() {
        chat.run("/best 9");
        assertThat(chat.errors.getLast()).startsWith("/best takes a number of answers from 2 to 8, not '9'");
        chat.run("/best 3");
        assertThat(chat.errors.getLast()).isEqualTo("There is no message to answer yet: /best 3 MESSAGE.");
        assertThat(chat.run("/best 3 hi")).isInstanceOf(Outcome.Several.class);
    }

    @Test
    void whatCannotBePulledIsOneSentence() {
        chat.run("/pull nonsense");
        assertThat(chat.errors.getLast()).isEqualTo("No models can be downloaded here.");
    }
}
