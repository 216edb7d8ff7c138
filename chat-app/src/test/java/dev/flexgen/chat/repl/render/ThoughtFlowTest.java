package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThoughtFlowTest {

    /** One letter for each dress. */
    private static final Theme LETTERS = new Theme("", "<d>", "", "<b>", "<c>", "<k>", "<s>", "</>");

    private static String shown(String text, int piece, boolean opened) {
        TextFlow flow = TextFlow.forReplies(LETTERS, 60);
        if (opened) {
            flow.thinking();
        }
        var out = new StringBuilder();
        for (int at = 0; at < text.length(); at += piece) {
            out.append(flow.push(text.substring(at, Math.min(text.length(), at + piece))));
        }
        return out.append(flow.finish()).toString().replace("</><d>", "");
    }

    private static String shown(String text) {
        return shown(text, text.length() + 1, false);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 100})
    void thoughtsAreDimAndTheAnswerIsNot(int piece) {
        assertThat(shown("<think>\nIs 2 < 3?\n\nIt **is**.\n</think>\n\nYes, **2** is.", piece, false))
                .isEqualTo("<d>Is 2 < 3?\n\nIt **is**.</>\n\nYes, <b>2</> is.");
        assertThat(shown("Is 2 </ 3?\n</think>\n\nYes.", piece, true)).isEqualTo("<d>Is 2 </ 3?</>\n\nYes.");
    }

    @Test
    void noThoughtsLeaveNoTrace() {
        assertThat(shown("<think>\n\n</think>\n\nYes.")).isEqualTo("Yes.");
    }

    @Test
    void thoughtsThatAreCutOffAreAllThereIs() {
        assertThat(shown("<think>\nhm, </thi")).isEqualTo("<d>hm, </thi</>");
        assertThat(shown("<think>hm</think>\n")).isEqualTo("<d>hm</>");
        assertThat(shown("<thi")).isEqualTo("<thi");
    }

    @Test
    void marksInTheAnswerAreText() {
        assertThat(shown("The mark is <think>.")).isEqualTo("The mark is <think>.");
    }

    @Test
    void withoutColoursTheMarksStay() {
        TextFlow flow = TextFlow.forReplies(Theme.PLAIN, 60);
        String text = "<think>\nhm\n</think>\n\n**Yes**.";
        assertThat(flow.push(text) + flow.finish()).isEqualTo(text);
    }

    @Test
    void aRemarkStandsBehindWhatIsShown() {
        TextFlow flow = TextFlow.forReplies(LETTERS, 20);
        assertThat(flow.push("<think>one two")).isEqualTo("<d>one</>");
        assertThat(flow.finish()).isEqualTo("<d> two</>");
        assertThat(flow.separator(9)).isEqualTo(" ");
        assertThat(flow.room()).isEqualTo(13);
    }
}
