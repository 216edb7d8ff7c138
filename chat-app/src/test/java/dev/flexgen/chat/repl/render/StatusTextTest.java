package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DraftCount;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.TokenIds;
import dev.flexgen.chat.repl.render.StatusText.Reading;
import org.junit.jupiter.api.Test;

class StatusTextTest {

    private static Reply reply(ReplyEnd end, int tokens, double seconds) {
        return new Reply("", TokenIds.NONE, end, tokens, 0, 0, seconds, DraftCount.NONE);
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
        assertThat(StatusText.reading(new Reading(512, 2048, 0, 0, 0), 7))
                .isEqualTo("reading the prompt, 25 % of 2048 tokens, 7 s, about 21 s left");
        assertThat(StatusText.reading(new Reading(0, 700, 512, 12, 24), 7))
                .isEqualTo("reading the prompt, 36 % of 700 tokens, layer 13/24 of part 1/2, 7 s, about 12 s left");
        assertThat(StatusText.reading(new Reading(0, 40, 40, 0, 96), 3))
                .isEqualTo("reading the prompt, 0 % of 40 tokens, layer 1/96, 3 s");
        assertThat(StatusText.reading(new Reading(20, 20, 0, 0, 0), 1)).isEqualTo("waiting for the first word, 1 s");
    }
}
