package dev.flexgen.chat.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real, tiny OPT that reads while the user types, and answers several times at once. */
@Timeout(60)
class ReadingAheadTest {

    @TempDir
    private static Path nativeCache;

    private static final ReplyOptions SHORT = new ReplyOptions(6, SamplerOptions.greedy());
    private static final String LONG = "one two three four five six seven eight nine ten eleven twelve thirteen ";

    private OpenModel engine;
    private Tokenizer tokenizer;
    private EngineChatModel model;
    private Dialogue dialogue;

    @BeforeEach
    void open() {
        var folder = Fixtures.golden("opt-f32");
        engine = OpenModel.open(folder, EngineOptions.defaults().withThreads(1));
        tokenizer = Tokenizers.open(folder, nativeCache);
        model = new EngineChatModel(engine.model(), tokenizer);
        dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
    }

    @AfterEach
    void close() {
        model.close();
        tokenizer.close();
        engine.close();
        assertThat(engine.machine().ledger().report()).isEmpty();
    }

    private Reply say(String message) {
        return dialogue.say(message, SHORT, new RecordingListener(), new CancelToken());
    }

    private void awaitReading(int tokens) throws InterruptedException {
        while (engine.counters().tokens() < tokens) {
            Thread.sleep(2);
        }
    }

    @Test
    void aMessageThatWasReadWhileItWasTypedGetsTheSameReply() throws InterruptedException {
        Reply plain = say(LONG + "end");
        dialogue.clear();
        say("x");
        dialogue.clear();
        long before = engine.counters().tokens();
        dialogue.readAhead(LONG.strip(), SHORT);
        awaitReading((int) before + 17);
        Reply ahead = say(LONG + "end");
        assertThat(ahead.text()).isEqualTo(plain.text());
        assertThat(ahead.ids()).isEqualTo(plain.ids());
        assertThat(ahead.prefilledTokens()).isLessThan(plain.prefilledTokens());
    }

    @Test
    void aMessageThatIsAnotherAfterAllGetsTheReplyItWouldHave() {
        Reply plain = say("something else");
        dialogue.clear();
        for (int i = 0; i < 20; i++) {
            dialogue.readAhead((i % 2 == 0 ? LONG : "ten nine ") + LONG, SHORT);
        }
        assertThat(say("something else").ids()).isEqualTo(plain.ids());
    }

    @Test
    void aModelThatReadsCanBeClosed() {
        dialogue.readAhead(LONG.repeat(2), SHORT);
        model.close();
        dialogue.readAhead(LONG, SHORT);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("flexgen-read-ahead");
    }

    @Test
    void whereAStepCannotBeStoppedSoonNothingIsReadAhead() {
        assertThat(new Pace(96, 0.2).stopsSoon()).isTrue();
        Pace slow = new Pace(96, 0.1);
        slow.learn(96 * 2 * 0.3);
        assertThat(slow.stopsSoon()).isFalse();
    }

    @Test
    void aFullContextIsEmptiedBeforeTheNextMessageAndSaysSo() {
        Optional<DialogueEvent> event = Optional.empty();
        for (int i = 0; i < 30 && event.isEmpty(); i++) {
            say("message number " + i);
            event = dialogue.makeRoom(SHORT);
        }
        assertThat(event).get().isInstanceOf(DialogueEvent.RoomMade.class);
        int held = dialogue.held().size();
        assertThat(held).isLessThan(dialogue.turns().size());
        dialogue.readAhead("", SHORT);
        say("another");
        assertThat(dialogue.held()).hasSize(held + 1);
    }

    private List<ReplyOptions> seeds(int... seeds) {
        return Arrays.stream(seeds)
                .mapToObj(seed -> new ReplyOptions(6, new SamplerOptions(1, 0, 1, 0, 1, seed)))
                .toList();
    }

    @Test
    void theChosenOfSeveralAnswersIsTheTurnAndTheOthersAreForgotten() {
        say("hello");
        var candidates =
                dialogue.best(Optional.of("and again"), seeds(1, 2, 3), new RecordingListener(), new CancelToken());
        assertThat(dialogue.turns()).hasSize(1);
        assertThat(candidates.replies()).hasSize(3);
        candidates.choose(2);
        assertThat(dialogue.turns()).hasSize(2);
        assertThat(dialogue.turns().getLast().reply())
                .isEqualTo(candidates.replies().get(2).text());
        long before = engine.counters().tokens();
        Reply next = say("more");
        assertThat(engine.counters().tokens() - before).isLessThan(30);
        assertThat(next.end()).isNotEqualTo(ReplyEnd.STOPPED);
    }

    @Test
    void anAnswerAnewReplacesTheLastOneAndCanBeTakenBack() {
        say("hello");
        String old = dialogue.turns().getLast().reply();
        var candidates = dialogue.best(Optional.empty(), seeds(7, 8), new RecordingListener(), new CancelToken());
        assertThat(dialogue.turns().getLast().reply()).isEqualTo(old);
        candidates.choose(1);
        assertThat(dialogue.turns()).hasSize(1);
        assertThat(dialogue.turns().getLast().reply())
                .isEqualTo(candidates.replies().get(1).text());
        dialogue.redo();
        assertThat(dialogue.turns().getLast().reply()).isEqualTo(old);
    }
}
