package dev.flexgen.chat.repl.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CommandsTest {

    private final FakeChat chat = new FakeChat(Commands.standard());

    @Test
    void helpListsEveryCommandOfTheTable() {
        assertThat(chat.run("/help")).isEqualTo(Outcome.CONTINUE);
        assertThat(chat.commands().all())
                .allSatisfy(command -> assertThat(chat.remarks.getFirst().lines())
                        .anyMatch(line -> line.startsWith(command.usage()) && line.endsWith(command.summary())));
        assertThat(chat.remarks.getFirst()).contains("//text").contains("/help keys lists the keys");
    }

    @Test
    void namesAreUniqueAndSummariesAreOneSentenceWithoutAFullStop() {
        assertThat(chat.commands().all().stream()
                        .flatMap(it -> Stream.concat(Stream.of(it.name()), it.aliases().stream())))
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("/[a-z?]+"));
        assertThat(chat.commands().all()).allSatisfy(it -> {
            assertThat(it.summary()).isNotBlank().doesNotEndWith(".");
            assertThat(it.usage()).startsWith(it.name());
            String first = it.usage().substring(it.name().length()).strip();
            assertThat(first.startsWith("[")).isEqualTo(it.arguments() == Arguments.OPTIONAL);
        });
    }

    @Test
    void helpExplainsOneCommandOrTheKeys() {
        chat.run("/? bye");
        chat.run("/help /undo");
        chat.run("/help keys");
        assertThat(chat.remarks.get(0)).isEqualTo("/bye: leave the chat (also /exit, /quit)");
        assertThat(chat.remarks.get(1))
                .startsWith("/undo [N]: forget the last N turns")
                .contains("\n");
        assertThat(chat.remarks.get(2)).contains("Ctrl-C").contains("Alt-Enter");
    }

    @Test
    void unknownNamesMeetTheNearest() {
        chat.run("/help cler");
        chat.run("/cler");
        assertThat(chat.errors)
                .containsOnly("There is no command /cler; did you mean /clear?"
                        + " Begin a message with // for a literal slash.");
        assertThat(chat.commands().unknown("/abracadabra")).contains("/help lists them.");
        assertThat(chat.commands().find("/abracadabra")).isEmpty();
        assertThat(chat.commands().unknown("/")).doesNotContain("did you mean").contains("/help lists them");
    }

    @Test
    void everyWayOutLeaves() {
        for (var name : List.of("/bye", "/exit", "/quit", "/BYE")) {
            assertThat(chat.run(name)).isEqualTo(Outcome.LEAVE);
        }
    }

    @Test
    void anArgumentThatACommandDoesNotTakeStopsIt() {
        chat.say("hi", "ho");
        chat.run("/clear now");
        assertThat(chat.errors).containsExactly("/clear takes nothing behind its name; nothing was done.");
        assertThat(chat.dialogue().turns()).hasSize(1);
    }

    @Test
    void clearForgetsAndUndoBringsBack() {
        chat.say("hi", "ho");
        chat.run("/clear");
        assertThat(chat.dialogue().turns()).isEmpty();
        assertThat(chat.remarks).containsExactly("[forgot the conversation; /undo brings it back]");
        chat.run("/undo");
        assertThat(chat.dialogue().turns()).hasSize(1);
        assertThat(chat.remarks).last().isEqualTo("[the conversation is back: 1 turn]");
    }

    @Test
    void undoForgetsTurnsAndRedoBringsThemBack() {
        chat.say("one", "1");
        chat.say("two", "2");
        chat.say("three", "3");
        chat.run("/undo 2");
        assertThat(chat.dialogue().turns()).hasSize(1);
        assertThat(chat.remarks).last().isEqualTo("[forgot the last 2 turns, kept 1; /redo brings them back]");
        chat.run("/redo");
        assertThat(chat.dialogue().turns()).hasSize(3);
        chat.run("/redo");
        assertThat(chat.errors).containsExactly("There is nothing to bring back.");
        chat.run("/undo minus one");
        assertThat(chat.errors).last().asString().contains("nothing was done");
        assertThat(chat.dialogue().turns()).hasSize(3);
    }

    @Test
    void completesNamesAndWhatFollowsThem() {
        assertThat(chat.commands().complete(List.of("/un"), chat))
                .extracting(Suggestion::text)
                .contains("/undo", "/help");
        assertThat(chat.commands().complete(List.of("/help", "un"), chat))
                .extracting(Suggestion::text)
                .contains("undo", "keys");
        assertThat(chat.commands().complete(List.of("/help", "/un"), chat))
                .extracting(Suggestion::text)
                .contains("/undo");
        assertThat(chat.commands().complete(List.of("/bye", "x"), chat)).isEmpty();
    }

    @Test
    void othersJoinTheTableBeforeTheWayOut() {
        var more = chat.commands().with(List.of(new ClearCommand()));
        assertThat(more.all()).hasSize(chat.commands().all().size() + 1);
        assertThat(more.all().getLast().name()).isEqualTo("/bye");
    }
}
