package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.TokenIds;
import org.junit.jupiter.api.Test;

class StatusTextTest {

    private static Reply reply(ReplyEnd end, int tokens, double seconds) {
        return new Reply("", TokenIds.NONE, end, tokens, 0, 0, seconds);
    }

    @Test
    void aReplysCostInOneLine() {
        assertThat(StatusText.reply(reply(ReplyEnd.FINISHED, 23, 1.79), 812, 2048))
                .isEqualTo("[23 tokens, 12.3 tok/s, context 812/2048]");
        assertThat(StatusText.reply(reply(ReplyEnd.LENGTH, 1, 0), 8, 128))
                .isEqualTo("[1 token (cut off at the limit; /more goes on), context 8/128]");
    }

    @Test
    void eventsAreSentences() {
        assertThat(StatusText.event(new DialogueEvent.TurnsDropped(1, 4)))
                .isEqualTo("[the context is full: forgot the oldest turn, kept 4]");
        assertThat(StatusText.event(new DialogueEvent.SystemTextLeftOut(90, 32)))
                .isEqualTo("[the system text of 90 tokens is left out: this model's context has room for 32]");
    }

    @Test
    void aWaitSaysWhatFor() {
        assertThat(StatusText.prefill(512, 2048, 7))
                .isEqualTo("reading the prompt, 25 % of 2048 tokens, 7 s, about 21 s left");
        assertThat(StatusText.prefill(20, 20, 1)).isEqualTo("waiting for the first word, 1 s");
    }
}
