package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.ThoughtsChoice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThoughtFlowTest {

    /** One letter for each dress. */
    private static final Theme LETTERS = new Theme("", "<d>", "", "<b>", "<c>", "<k>", "<s>", "</>");

    private static String shown(String text, int piece, boolean opened) {
        TextFlow flow = TextFlow.forReplies(LETTERS, ThoughtsChoice.SHOWN, 60);
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

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 100})
    void foldedThoughtsAreOneLine(int piece) {
        assertThat(folded("<think>\nIs 2 < 3?\n\nIt **is**.\n</think>\n\nYes, **2** is.", piece))
                .matches("<d>\\[thought for \\d+ tokens?; /show thoughts]</>\\n\\nYes, <b>2</> is\\.");
        assertThat(folded("<think>hm, hm", piece)).matches("<d>\\[thought for \\d+ tokens?; /show thoughts]</>");
        assertThat(folded("<think>\n\n</think>\n\nYes.", piece)).isEqualTo("Yes.");
        assertThat(folded("Yes.", piece)).isEqualTo("Yes.");
    }

    private static String folded(String text, int piece) {
        TextFlow flow = TextFlow.forReplies(LETTERS, ThoughtsChoice.FOLDED, 60);
        var out = new StringBuilder();
        for (int at = 0; at < text.length(); at += piece) {
            flow.token();
            out.append(flow.push(text.substring(at, Math.min(text.length(), at + piece))));
        }
        return out.append(flow.finish()).toString().replace("</><d>", "");
    }

    @Test
    void whileThoughtsAreFoldedTheirTokensAreCounted() {
        TextFlow flow = TextFlow.forReplies(LETTERS, ThoughtsChoice.FOLDED, 60);
        flow.token();
        assertThat(flow.push("<think>") + flow.hidden()).isEqualTo(" thinking, 1 token");
        flow.token();
        assertThat(flow.push("hm") + flow.hidden()).isEqualTo(" thinking, 2 tokens");
        flow.token();
        assertThat(flow.push("</think>Yes ")).isEqualTo("<d>[thought for 3 tokens; /show thoughts]</>\n\nYes");
        flow.token();
        assertThat(flow.hidden()).isEmpty();
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
        TextFlow flow = TextFlow.forReplies(Theme.PLAIN, ThoughtsChoice.FOLDED, 60);
        String text = "<think>\nhm\n</think>\n\n**Yes**.";
        assertThat(flow.push(text) + flow.finish()).isEqualTo(text);
    }

    @Test
    void aRemarkStandsBehindWhatIsShown() {
        TextFlow flow = TextFlow.forReplies(LETTERS, ThoughtsChoice.SHOWN, 20);
        assertThat(flow.push("<think>one two")).isEqualTo("<d>one</>");
        assertThat(flow.finish()).isEqualTo("<d> two</>");
        assertThat(flow.separator(9)).isEqualTo(" ");
        assertThat(flow.room()).isEqualTo(13);
    }
}
