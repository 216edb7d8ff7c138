package dev.flexgen.chat.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.ModelDrafter;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.Speculation;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dialogue with a real, tiny OPT of 128 positions. */
class EngineChatModelTest {

    @TempDir
    private static Path nativeCache;

    private static final ReplyOptions SHORT = new ReplyOptions(6, SamplerOptions.greedy());

    private final RecordingListener listener = new RecordingListener();
    private OpenModel engine;
    private Tokenizer tokenizer;
    private EngineChatModel model;

    @BeforeEach
    void open() {
        var folder = Fixtures.golden("opt-f32");
        engine = OpenModel.open(folder, EngineOptions.defaults().withThreads(1));
        tokenizer = Tokenizers.open(folder, nativeCache);
        model = new EngineChatModel(engine.model(), tokenizer);
    }

    @AfterEach
    void close() {
        model.close();
        tokenizer.close();
        engine.close();
    }

    private Reply say(Dialogue dialogue, String message, ReplyOptions options) {
        return dialogue.say(message, options, listener, new CancelToken());
    }

    @Test
    void aTurnPrefillsItsNewTokensOnly() {
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
        say(dialogue, "hello there", SHORT);
        for (var message : new String[] {"and again", "what is that?"}) {
            int held = dialogue.heldTokens();
            long before = engine.counters().tokens();
            var reply = say(dialogue, message, SHORT);
            var turn = dialogue.turns().getLast();
            assertThat(listener.events).isEmpty();
            assertThat(dialogue.heldTokens())
                    .isEqualTo(
                            held + turn.promptIds().length() + turn.replyIds().length());
            // the last token of a reply was chosen, but never went through the model: it comes with the next prompt
            assertThat(reply.prefilledTokens()).isEqualTo(turn.promptIds().length() + 1);
            assertThat(engine.counters().tokens() - before)
                    .isEqualTo(reply.prefilledTokens() + turn.replyIds().length() - 1);
        }
    }

    @Test
    void whatATurnWillTakeIsWhatIsNotReadYet() {
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
        say(dialogue, "hello there", SHORT);
        var message = dialogue.messageIds("and again");
        var expected =
                model.expect(dialogue.promptOf(message, SHORT).orElseThrow()).orElseThrow();
        assertThat(expected.firstWordSeconds()).isPositive();
        assertThat(expected.tokenSeconds().orElseThrow()).isPositive();
        assertThat(expected.tokens())
                .isEqualTo(say(dialogue, "and again", SHORT).prefilledTokens());
        assertThat(dialogue.promptOf(dialogue.messageIds("word ".repeat(200)), SHORT))
                .isEmpty();
    }

    @Test
    void aReplyCountsItsOwnDrafts() {
        var drafter = ModelDrafter.of(engine.model(), engine.model(), 128);
        try (var drafted = new EngineChatModel(engine.model(), tokenizer, Optional.of(new Speculation(drafter)))) {
            var dialogue = new Dialogue(drafted, PromptFormat.of(PromptStyle.COMPLETION), "");
            var counts = say(dialogue, "hello there", new ReplyOptions(20, SamplerOptions.greedy()))
                    .drafts();
            assertThat(counts.drafted()).isPositive();
            assertThat(counts.accepted()).isEqualTo(counts.drafted());
            var next = say(dialogue, "and again", SHORT).drafts();
            assertThat(next.drafted()).isBetween(0L, 5L);
        }
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
        assertThat(say(dialogue, "hello there", SHORT).drafts()).isEqualTo(DraftCount.NONE);
    }

    @Test
    void theReplyIsWhatTheListenerHeardAndWhatTheIdsSay() {
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.DIALOGUE), "");
        var reply = say(dialogue, "hello", SHORT);
        assertThat(reply.text()).isNotEmpty().isEqualTo(listener.text());
        assertThat(tokenizer.decode(reply.ids().toArray()).strip()).isEqualTo(reply.text());
        assertThat(reply.generatedTokens()).isLessThanOrEqualTo(6);
        assertThat(reply.decodeSeconds()).isPositive();
    }

    @Test
    void aPromptStartsAsTheModelWants() {
        assertThat(model.encodeStart("").toArray()).containsExactly(2);
        assertThat(model.encodeContinuation("</s>").toArray()).doesNotContain(2);
    }

    @Test
    void theSamePromptGivesTheSameReplyAfterClearing() {
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.DIALOGUE), "");
        var first = say(dialogue, "hello", SHORT);
        dialogue.clear();
        assertThat(say(dialogue, "hello", SHORT).text()).isEqualTo(first.text());
    }

    @Test
    void aReplyIsTheSameInTheMiddleOfAWarmUp() throws InterruptedException {
        var cold = say(new Dialogue(model, PromptFormat.of(PromptStyle.DIALOGUE), ""), "hello", SHORT);
        model.warmUp();
        Thread.sleep(600); // some of it shall have begun; nothing depends on how much
        assertThat(say(new Dialogue(model, PromptFormat.of(PromptStyle.DIALOGUE), ""), "hello", SHORT)
                        .text())
                .isEqualTo(cold.text());
    }

    @Test
    void aModelThatWarmsUpCanBeClosed() {
        model.warmUp();
        model.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("flexgen-warm-up");
    }

    @Test
    void aLongDialogueStaysWithinTheContext() {
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.DIALOGUE), "");
        var options = new ReplyOptions(256, SamplerOptions.greedy());
        for (int i = 0; i < 8; i++) {
            say(dialogue, "message number " + i, options);
            assertThat(dialogue.heldTokens()).isBetween(1, model.contextLimit());
        }
        assertThat(listener.events).isNotEmpty().allMatch(DialogueEvent.TurnsDropped.class::isInstance);
    }

    @Test
    void aReplyCancelledInTheMiddleIsKept() {
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
        var cancel = new CancelToken();
        var stopping = new DialogueListener() {
            @Override
            public void onEvent(DialogueEvent event) {}

            @Override
            public void onText(String text) {
                cancel.cancel();
            }
        };
        var reply = dialogue.say("hello", new ReplyOptions(100, SamplerOptions.greedy()), stopping, cancel);
        assertThat(reply.end()).isEqualTo(ReplyEnd.STOPPED);
        assertThat(reply.text()).isNotEmpty();
        assertThat(dialogue.turns()).hasSize(1);
        assertThat(say(dialogue, "go on", SHORT).text()).isNotEmpty();
    }

    @Test
    void aReplyCancelledBeforeItBeginsIsNone() {
        var cancel = new CancelToken();
        cancel.cancel();
        var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
        var reply = dialogue.say("hello", SHORT, listener, cancel);
        assertThat(reply.end()).isEqualTo(ReplyEnd.STOPPED);
        assertThat(dialogue.turns()).isEmpty();
        assertThat(say(dialogue, "hello", SHORT).text()).isNotEmpty();
    }
}
