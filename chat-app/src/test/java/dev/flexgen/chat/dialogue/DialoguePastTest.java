package dev.flexgen.chat.dialogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a user takes back, brings back, has made anew or has go on. */
class DialoguePastTest {

    private static final PromptFormat BARE = new PromptFormat("", "", "\n\n", "\n", "H: ", "\nA:", List.of("\nH:"));
    private static final ReplyOptions OPTIONS = new ReplyOptions(100, SamplerOptions.greedy());

    private final RecordingListener listener = new RecordingListener();
    private final ScriptedChatModel model = new ScriptedChatModel(1000);
    private final Dialogue dialogue = new Dialogue(model, BARE, "");

    private void say(String message, String reply) {
        model.says(reply);
        dialogue.say(message, OPTIONS, listener, new CancelToken());
    }

    private List<String> messages() {
        return dialogue.turns().stream().map(Turn::message).toList();
    }

    private List<String> replies() {
        return dialogue.turns().stream().map(Turn::reply).toList();
    }

    @Test
    void anUndoneTurnIsNoPartOfTheNextPrompt() {
        say("one", " 1");
        say("two", " 2");
        dialogue.undo(1);
        say("three", " 3");
        assertThat(model.prompts()).last().isEqualTo("H: one\nA: 1\nH: three\nA:");
        dialogue.redo();
        assertThat(messages()).containsExactly("one", "two");
        dialogue.redo();
        assertThat(messages()).containsExactly("one", "three");
    }

    @Test
    void aRetryAsksTheSameAgainAndKeepsTheOldReplyWithinReach() {
        say("one", " 1");
        say("two", " 2");
        model.says(" II");
        dialogue.retry(OPTIONS, listener, new CancelToken());
        assertThat(model.prompts()).last().isEqualTo("H: one\nA: 1\nH: two\nA:");
        assertThat(replies()).containsExactly(" 1", " II");
        dialogue.redo();
        assertThat(replies()).containsExactly(" 1", " 2");
    }

    @Test
    void aRetryThatBringsNothingLeavesTheOldReply() {
        say("one", " 1");
        model.says("never");
        var cancelled = new CancelToken();
        cancelled.cancel();
        dialogue.retry(OPTIONS, listener, cancelled);
        model.saysAndFails("so", EngineException.input("broken"));
        assertThatThrownBy(() -> dialogue.retry(OPTIONS, listener, new CancelToken()))
                .hasMessage("broken");
        assertThat(replies()).containsExactly(" 1");
        assertThat(dialogue.canRedo()).isFalse();
    }

    @Test
    void aReplyCutOffGoesOn() {
        model.says("12345");
        dialogue.say("count", new ReplyOptions(3, SamplerOptions.greedy()), listener, new CancelToken());
        assertThat(dialogue.canGoOn()).isTrue();
        model.says("45");
        dialogue.goOn(OPTIONS, listener, new CancelToken());
        assertThat(model.prompts()).last().isEqualTo("H: count\nA:123");
        assertThat(replies()).containsExactly("12345");
        assertThat(dialogue.canGoOn()).isFalse();
        say("next", " 6");
        assertThat(model.prompts()).last().isEqualTo("H: count\nA:12345\nH: next\nA:");
    }

    @Test
    void anotherSystemTextIsReadAtTheNextTurnAndCanBeTakenBack() {
        say("one", " 1");
        dialogue.systemText("Be brief.");
        say("two", " 2");
        assertThat(model.prompts()).last().isEqualTo("Be brief.\n\nH: one\nA: 1\nH: two\nA:");
        dialogue.redo();
        assertThat(dialogue.systemText()).isEmpty();
        say("three", " 3");
        assertThat(model.prompts()).last().isEqualTo("H: one\nA: 1\nH: three\nA:");
    }

    @Test
    void aKeptConversationGoesOnWordForWord() {
        say("one", " 1");
        var kept = new Transcript("Be brief.", List.of(new Transcript.Exchange("hi", "ho", ReplyEnd.FINISHED)));
        dialogue.restore(kept);
        assertThat(dialogue.transcript()).isEqualTo(kept);
        say("two", " 2");
        assertThat(model.prompts()).last().isEqualTo("Be brief.\n\nH: hi\nA: ho\nH: two\nA:");
    }

    @Test
    void anotherModelReadsTheWholeConversation() {
        say("one", "1");
        var other = new ScriptedChatModel(500).says(" 2");
        dialogue.continueWith(other, new PromptFormat("", "", "\n", "\n", "Q: ", "\nR:", List.of()));
        assertThat(dialogue.model().contextLimit()).isEqualTo(500);
        dialogue.say("two", OPTIONS, listener, new CancelToken());
        assertThat(other.prompts()).containsExactly("Q: one\nR: 1\nQ: two\nR:");
    }

    @Test
    void turnsThatTheModelForgotAreStillInTheTranscript() {
        var small = new ScriptedChatModel(200);
        var forgetful = new Dialogue(small, BARE, "");
        for (int i = 0; i < 9; i++) {
            small.says(" " + "r".repeat(19));
            forgetful.say("message" + i, OPTIONS, listener, new CancelToken());
        }
        assertThat(forgetful.held()).hasSizeLessThan(9);
        assertThat(forgetful.transcript().exchanges()).hasSize(9);
        forgetful.undo(9);
        assertThat(forgetful.heldTokens()).isEqualTo(1);
    }

    @Test
    void observersHearOfEveryChange() {
        List<DialogueChange> heard = new ArrayList<>();
        dialogue.observe((change, it) -> heard.add(change));
        say("one", " 1");
        dialogue.clear();
        dialogue.redo();
        dialogue.undo(1);
        dialogue.systemText("Be brief.");
        dialogue.beginAnother();
        dialogue.restore(new Transcript("", List.of()));
        assertThat(heard)
                .containsExactly(
                        DialogueChange.TURN,
                        DialogueChange.CLEARED,
                        DialogueChange.TAKEN_BACK,
                        DialogueChange.TAKEN_BACK,
                        DialogueChange.SYSTEM_TEXT,
                        DialogueChange.ANOTHER,
                        DialogueChange.RESTORED);
    }
}
