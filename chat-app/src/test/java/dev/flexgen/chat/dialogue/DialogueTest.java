package dev.flexgen.chat.dialogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

class DialogueTest {

    private static final PromptFormat BARE = new PromptFormat("", "", "\n\n", "\n", "H: ", "\nA:", List.of("\nH:"));
    private static final ReplyOptions OPTIONS = new ReplyOptions(100, SamplerOptions.greedy());

    private final RecordingListener listener = new RecordingListener();

    private Reply say(Dialogue dialogue, String message) {
        return dialogue.say(message, OPTIONS, listener, new CancelToken());
    }

    @Test
    void aTurnAppendsToWhatIsHeld() {
        var model = new ScriptedChatModel(1000).says(" one").says(" two");
        var dialogue = new Dialogue(model, BARE, "");
        say(dialogue, "first");
        say(dialogue, "second");
        assertThat(model.prompts()).containsExactly("H: first\nA:", "H: first\nA: one\nH: second\nA:");
        assertThat(dialogue.turns()).extracting(Turn::message).containsExactly("first", "second");
        assertThat(dialogue.heldTokens()).isEqualTo(1 + "H: first\nA: one\nH: second\nA: two".length());
        assertThat(listener.events).isEmpty();
    }

    @Test
    void systemTextOpensTheDialogue() {
        var model = new ScriptedChatModel(1000).says("ok");
        var dialogue = new Dialogue(model, BARE, " Be brief. ");
        say(dialogue, "hi");
        assertThat(model.prompts()).containsExactly("Be brief.\n\nH: hi\nA:");
        assertThat(dialogue.openingEvent()).isEmpty();
    }

    @Test
    void clearingForgetsTurnsButNotTheOpening() {
        var model = new ScriptedChatModel(1000);
        var dialogue = new Dialogue(model, BARE, "Be brief.");
        say(dialogue, "hi");
        dialogue.clear();
        say(dialogue, "ho");
        assertThat(model.prompts()).last().isEqualTo("Be brief.\n\nH: ho\nA:");
    }

    @Test
    void aSystemTextTooLongForTheContextIsLeftOutAndReported() {
        var model = new ScriptedChatModel(80);
        var dialogue = new Dialogue(model, BARE, "x".repeat(20));
        assertThat(dialogue.openingEvent()).contains(new DialogueEvent.SystemTextLeftOut(21, 20));
        say(dialogue, "hi");
        assertThat(model.prompts()).containsExactly("H: hi\nA:");
    }

    @Test
    void theFormatsOwnOpeningShrinksSilentlyWithTheContext() {
        var format = PromptFormat.of(PromptStyle.DIALOGUE);
        assertThat(openingOf(format, 2048)).contains("conversation", "Human: Hello");
        assertThat(openingOf(format, 800)).contains("conversation").doesNotContain("Human: Hello");
        assertThat(openingOf(format, 128)).isEmpty();
    }

    private String openingOf(PromptFormat format, int contextLimit) {
        var model = new ScriptedChatModel(contextLimit);
        var dialogue = new Dialogue(model, format, "");
        assertThat(dialogue.openingEvent()).isEmpty();
        say(dialogue, "hi");
        var prompt = model.prompts().getFirst();
        assertThat(prompt).endsWith("Human: hi\nAssistant:");
        return prompt.substring(0, prompt.length() - "Human: hi\nAssistant:".length());
    }

    @Test
    void oldestWholeTurnsAreDroppedToSixtyPercentWhenTheContextIsFull() {
        var model = new ScriptedChatModel(200);
        for (int i = 0; i < 9; i++) {
            model.says(" " + "r".repeat(19));
        }
        var dialogue = new Dialogue(model, BARE, "sys");
        for (int i = 0; i < 9; i++) {
            say(dialogue, "message" + i);
            assertThat(dialogue.heldTokens()).isLessThanOrEqualTo(200);
        }
        assertThat(listener.events).isNotEmpty().allMatch(DialogueEvent.TurnsDropped.class::isInstance);
        assertThat(listener.events.getFirst()).isEqualTo(new DialogueEvent.TurnsDropped(2, 2));
        var prompt = model.prompts().get(4);
        assertThat(prompt)
                .startsWith("sys\n\nH: message2\nA: rrr")
                .endsWith("\nH: message4\nA:")
                .doesNotContain("message1");
        assertThat(prompt.length() + 1).isLessThanOrEqualTo(120 + 1);
    }

    @Test
    void aReplyIsLimitedByWhatIsLeftOfTheContext() {
        var model = new ScriptedChatModel(128).says("x".repeat(500));
        var reply = say(new Dialogue(model, BARE, ""), "m".repeat(60));
        assertThat(model.limits()).containsExactly(128 - 1 - 60 - "H: \nA:".length());
        assertThat(reply.end()).isEqualTo(ReplyEnd.LENGTH);
    }

    @Test
    void aMessageTooLongForTheContextChangesNothing() {
        var model = new ScriptedChatModel(128).says(" fine");
        var dialogue = new Dialogue(model, BARE, "");
        say(dialogue, "hi");
        int held = dialogue.heldTokens();
        assertThatThrownBy(() -> say(dialogue, "m".repeat(130)))
                .isInstanceOf(MessageTooLongException.class)
                .hasMessage("This message has 136 tokens, but the context of 128 has room for only 119;"
                        + " shorten it or send it in parts.");
        assertThat(dialogue.heldTokens()).isEqualTo(held);
        assertThat(dialogue.turns()).hasSize(1);
        assertThat(listener.events).isEmpty();
    }

    @Test
    void aLongMessageThatJustFitsMayTakeThePlaceOfAllTurns() {
        var model = new ScriptedChatModel(128).says(" fine").says(" ok");
        var dialogue = new Dialogue(model, BARE, "");
        say(dialogue, "hi");
        say(dialogue, "m".repeat(110));
        assertThat(listener.events).containsExactly(new DialogueEvent.TurnsDropped(1, 0));
        assertThat(model.prompts()).last().isEqualTo("H: " + "m".repeat(110) + "\nA:");
    }

    @Test
    void anInterruptedReplyKeepsPartialText() {
        var model = new ScriptedChatModel(1000).saysAndHangs(" half a").says(" ok");
        var dialogue = new Dialogue(model, BARE, "");
        var cancel = new CancelToken();
        var stopper = new Thread(() -> {
            try {
                model.awaitHanging();
                cancel.cancel();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        stopper.start();
        assertThat(dialogue.say("talk", OPTIONS, listener, cancel).end()).isEqualTo(ReplyEnd.STOPPED);
        say(dialogue, "go on");
        assertThat(model.prompts()).last().isEqualTo("H: talk\nA: half a\nH: go on\nA:");
    }

    @Test
    void aReplyStoppedBeforeItsFirstWordLeavesNoTurn() {
        var dialogue = new Dialogue(new ScriptedChatModel(1000).says("never"), BARE, "");
        var cancel = new CancelToken();
        cancel.cancel();
        dialogue.say("hi", OPTIONS, listener, cancel);
        assertThat(dialogue.turns()).isEmpty();
    }

    @Test
    void aFailingModelLeavesNoTurn() {
        var model = new ScriptedChatModel(1000).saysAndFails("so", EngineException.input("broken"));
        var dialogue = new Dialogue(model, BARE, "");
        assertThatThrownBy(() -> say(dialogue, "hi")).hasMessage("broken");
        assertThat(dialogue.turns()).isEmpty();
    }
}
