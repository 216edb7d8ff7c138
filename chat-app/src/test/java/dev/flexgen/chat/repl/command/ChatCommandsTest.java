package dev.flexgen.chat.repl.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.dialogue.DraftCount;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.TestSetup;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that change settings, replies and messages, and those that show and hand out things. */
class ChatCommandsTest {

    @TempDir
    private Path folder;

    private FakeChat chat;

    @BeforeEach
    void begin() {
        chat = new FakeChat(Commands.standard(), folder);
    }

    private String lastRemark() {
        return chat.remarks.getLast();
    }

    private String lastError() {
        return chat.errors.getLast();
    }

    @Test
    void setChangesASettingFromTheNextReplyOnAndUnsetTakesItBack() {
        chat.run("/set max-new-tokens 7");
        assertThat(lastRemark()).isEqualTo("[max-new-tokens is 7 now, was 256]");
        chat.model.says("0123456789");
        chat.run("/retry");
        assertThat(lastError()).contains("no reply to try anew");
        chat.say("count", "0123456789");
        chat.model.says("0123456789");
        chat.run("/retry");
        assertThat(chat.dialogue().turns().getLast().reply()).isEqualTo("0123456");
        chat.run("/set");
        assertThat(lastRemark()).contains("max-new-tokens", "from this chat", "temperature", "from the default");
        chat.run("/unset max-new-tokens");
        assertThat(chat.settings().get(SettingTable.MAX_NEW_TOKENS)).isEqualTo(256);
    }

    @Test
    void whatCannotBeSetSaysWhy() {
        chat.run("/set temperature hot");
        assertThat(lastError()).startsWith("temperature must be a number").contains("'hot'", "nothing was changed");
        chat.run("/set temprature 1");
        assertThat(lastError()).contains("did you mean temperature?");
        chat.run("/set device cuda");
        assertThat(lastError())
                .isEqualTo("device is chosen before the chat begins: leave, and start with --device DEVICE.");
        chat.run("/set system x");
        assertThat(lastError()).contains("/system");
        assertThat(chat.settings().get(SettingTable.TEMPERATURE)).isEqualTo(0.7);
    }

    @Test
    void aRetryMayHaveSettingsOfItsOwn() {
        chat.say("count", "0123456789");
        chat.model.says("0123456789");
        chat.run("/retry max-new-tokens=3 seed=7");
        assertThat(chat.dialogue().turns().getLast().reply()).isEqualTo("012");
        assertThat(chat.settings().get(SettingTable.MAX_NEW_TOKENS)).isEqualTo(256);
        chat.run("/retry max-new-tokens=none");
        assertThat(lastError()).contains("max-new-tokens must be");
        chat.run("/retry loudly");
        assertThat(lastError()).contains("There is no setting 'loudly'");
        assertThat(chat.dialogue().turns()).hasSize(1);
    }

    @Test
    void moreGoesOnWithAReplyThatWasCutOff() {
        chat.run("/more");
        assertThat(lastError()).contains("no reply yet");
        chat.say("count", "x".repeat(300));
        assertThat(chat.dialogue().turns().getLast().end()).isEqualTo(ReplyEnd.LENGTH);
        chat.model.says("y");
        chat.run("/more");
        assertThat(chat.dialogue().turns().getLast().reply()).isEqualTo("x".repeat(256) + "y");
        chat.run("/more");
        assertThat(lastError()).contains("came to its own end");
    }

    @Test
    void editTakesTheLastMessageBackAndAnUnchangedOneNot() {
        chat.say("teh cat", "What?");
        assertThat(chat.run("/edit")).isEqualTo(Outcome.CONTINUE);
        assertThat(chat.dialogue().turns()).hasSize(1);
        chat.editor = text -> text.replace("teh", "the");
        assertThat(chat.run("/edit")).isEqualTo(new Outcome.Draft("the cat"));
        assertThat(chat.dialogue().turns()).isEmpty();
        chat.run("/redo");
        assertThat(chat.dialogue().turns()).hasSize(1);
        chat.editor = text -> {
            throw new IOException("there is no editor 'x' here; name one in VISUAL or EDITOR");
        };
        chat.run("/edit");
        assertThat(lastError()).contains("name one in VISUAL or EDITOR.");
        assertThat(chat.dialogue().turns()).hasSize(1);
    }

    @Test
    void systemShowsChangesAndClears() {
        chat.run("/system");
        assertThat(lastRemark()).contains("no system text of yours");
        chat.run("/system \"\"\"Be\nbrief.\"\"\"");
        assertThat(chat.dialogue().systemText()).isEqualTo("Be\nbrief.");
        chat.run("/system none");
        assertThat(chat.dialogue().systemText()).isEmpty();
    }

    @Test
    void copySendsTheReplyOrItsCodeToTheTerminalsClipboard() {
        chat.say("code?", "Here:\n```java\nint x;\n```\nDone \u2014 ok.");
        chat.run("/copy");
        chat.run("/copy code");
        assertThat(chat.sent.stream().map(ChatCommandsTest::clipboard))
                .containsExactly("Here:\n```java\nint x;\n```\nDone \u2014 ok.", "int x;\n");
        chat.run("/copy all");
        assertThat(lastError()).contains("'all'");
    }

    private static String clipboard(String sequence) {
        assertThat(sequence).startsWith("\u001b]52;c;").endsWith("\u0007");
        byte[] bytes = Base64.getDecoder().decode(sequence.substring(7, sequence.length() - 1));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void exportWritesANewFileAndNeverOverAnOldOne() throws IOException {
        chat.run("/export a.md");
        assertThat(lastError()).contains("empty");
        chat.say("hi", "ho");
        chat.run("/export a.md");
        chat.run("/export a.json");
        assertThat(folder.resolve("a.md"))
                .hasContent("# Conversation with opt-tiny\n\n## You\n\nhi\n\n## opt-tiny\n\nho\n");
        assertThat(folder.resolve("a.json"))
                .content()
                .contains("\"role\": \"user\"", "\"content\": \"ho\"", "\"model\": \"opt-tiny\"");
        Files.writeString(folder.resolve("a.md"), "mine");
        chat.run("/export a.md");
        assertThat(lastError()).contains("exists; choose another name");
        assertThat(folder.resolve("a.md")).hasContent("mine");
        chat.run("/export a.pdf");
        assertThat(lastError()).contains(".md or .json");
        chat.run("/export no/where.md");
        assertThat(lastError()).contains("There is no folder");
    }

    @Test
    void fileSaysHowManyTokensItTakesAndDraftsItsName() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "n".repeat(100));
        assertThat(chat.run("/file notes.txt")).isEqualTo(new Outcome.Draft("@notes.txt "));
        assertThat(lastRemark()).contains("notes.txt has 1", "goes in where @notes.txt stands");
        chat.run("/file nothing.txt");
        assertThat(lastError()).contains("there is no file");
        assertThat(chat.commands().complete(List.of("/file", "no"), chat))
                .extracting(Suggestion::text)
                .containsExactly("notes.txt");
    }

    @Test
    void attachmentsStandWhereTheirNamesStoodAndOtherWordsStay() throws IOException {
        Files.writeString(folder.resolve("a.txt"), "line\n");
        var attachments = new Attachments(folder::resolve);
        assertThat(attachments.expand("What is @a.txt about?")).isEqualTo("What is a.txt:\n```\nline\n``` about?");
        assertThat(attachments.expand("mail me@a.txt or @someone")).isEqualTo("mail me@a.txt or @someone");
        assertThatThrownBy(() -> attachments.expand("see @no/such")).hasMessageContaining("there is no file");
        Files.write(folder.resolve("b.bin"), new byte[] {(byte) 0xff, 0});
        assertThatThrownBy(() -> attachments.expand("@b.bin")).hasMessageContaining("no UTF-8 text");
        Files.write(folder.resolve("c.bin"), new byte[] {'a', 0});
        assertThatThrownBy(() -> attachments.expand("@c.bin")).hasMessageContaining("no text file");
        Files.createDirectory(folder.resolve("d"));
        assertThatThrownBy(() -> attachments.expand("@d")).hasMessageContaining("is a folder");
    }

    @Test
    void showTellsEveryTopic() {
        chat.say("hi there", "ho");
        chat.run("/show");
        assertThat(lastRemark()).contains("opt-tiny, context 2000 tokens", "no reply yet", "temperature", "hi there");
        chat.run("/show prompt");
        assertThat(lastRemark()).isEqualTo("H: hi there\nA: ho");
        chat.run("/show weather");
        assertThat(lastError()).contains("settings, model, plan, stats, thoughts, prompt, context", "'weather'");
        chat.run("/retry");
        chat.run("/show stats");
        assertThat(lastRemark()).contains("read 1 tokens in 0.5 s", "wrote").doesNotContain("drafted");
        chat.model.drafted(new DraftCount(16, 12));
        chat.run("/retry");
        chat.run("/show stats");
        assertThat(lastRemark()).endsWith("12 of 16 drafted tokens accepted (75 %)");
        chat.model.drafted(new DraftCount(0, 0, "no memory is left"));
        chat.run("/retry");
        chat.run("/show stats");
        assertThat(lastRemark()).endsWith("drafting has failed, replies go on without: no memory is left");
    }

    @Test
    void anotherModelGoesOnWithTheConversationAndOneThatCannotBeOpenedChangesNothing() {
        chat.say("hi", "ho");
        var other = new ScriptedChatModel(500).says(" Yes.");
        chat.models = new ModelShelf() {
            @Override
            public List<Suggestion> here() {
                return List.of(Suggestion.of("opt-large", "5.0 GiB"));
            }

            @Override
            public Change open(String reference, Settings settings) {
                return reference.equals("opt-large")
                        ? new Change(Optional.of(TestSetup.partner(other)), Optional.empty())
                        : new Change(Optional.empty(), Optional.of("There is no model " + reference));
            }
        };
        chat.run("/models");
        assertThat(lastRemark()).contains("opt-large", "5.0 GiB");
        assertThat(chat.commands().complete(List.of("/model", ""), chat))
                .extracting(Suggestion::text)
                .containsExactly("opt-large");
        chat.run("/model nothing");
        assertThat(lastError()).isEqualTo("There is no model nothing\nYou still talk with opt-tiny.");
        assertThat(chat.dialogue().model().contextLimit()).isEqualTo(2000);
        chat.run("/model opt-large");
        assertThat(lastRemark()).contains("context 500 tokens; the next turn reads 12 tokens");
        chat.run("/retry");
        assertThat(other.prompts()).containsExactly("H: hi\nA:");
    }
}
