package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkdownFlowTest {

    /** One letter for each dress. */
    private static final Theme LETTERS = new Theme("", "<d>", "", "<b>", "<c>", "<k>", "<s>", "</>");

    private static String shown(String text, int columns, int piece) {
        var flow = new MarkdownFlow(LETTERS, columns);
        var out = new StringBuilder();
        for (int at = 0; at < text.length(); at += piece) {
            out.append(flow.push(text.substring(at, Math.min(text.length(), at + piece))));
        }
        return out.append(flow.finish()).toString();
    }

    private static String shown(String text) {
        return shown(text, 60, text.length() + 1);
    }

    @Test
    void headingsBoldListsAndQuotesAreDressed() {
        assertThat(shown("# Title\nSome **bold** words.\n- one\n* two\n  + in\n1. first\n> said\n"))
                .isEqualTo(
                        "<b>Title</>\nSome <b>bold</> words.\n\u2022 one\n\u2022 two\n  \u2022 in\n1. first\n\u2502 said\n");
    }

    @Test
    void codeInALineAndInABlockIsDressed() {
        assertThat(shown("Call `x**2` now.\n```python\ndef f():  # why\n  return \"if\"\n```\nDone"))
                .isEqualTo("Call <c>x**2</> now.\n<d>python</>\n<k>def</> f():  <d># why</>\n"
                        + "  <k>return</> <s>\"if\"</>\nDone");
    }

    @Test
    void wrappedItemsHang() {
        assertThat(shown("- one two three four\nfive", 12, 100)).isEqualTo("\u2022 one two\n  three four\nfive");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2 ** 3 is 8, 2**3 too, and a * b * c",
                "#hashtag and -1 and 3.5 and -- and >=",
                "a ``` in a line",
                "****",
                "snake_case_name and *args",
                "1999. was a year of four digits",
            })
    void whatIsNoMarkStaysAsItWasWritten(String text) {
        assertThat(shown(text, 200, 1)).isEqualTo(text);
    }

    @Test
    void howTheTextIsCutIntoPiecesMakesNoDifference() {
        String text = "## A **b** title\n\ntext with **bold `code` text** and `un\nclosed **here\n\n- item **x**\n"
                + "```java\nif (a / b) { /* c */ } // \ud83d\ude00 'q' \\\n  ``\n```\n````\n```\n````\n1) \ud83d\ude00 z **";
        for (int piece = 1; piece <= text.length(); piece++) {
            assertThat(shown(text, 20, piece)).isEqualTo(shown(text, 20, text.length()));
        }
    }

    @Test
    void anUnclosedMarkEndsWithItsLine() {
        assertThat(shown("a **b\nc `d\ne")).isEqualTo("a <b>b</>\nc <c>d</>\ne");
    }

    @Test
    void anOpenBlockOfCodeEndsWithTheReply() {
        assertThat(shown("```\nx = 'y")).isEqualTo("x = <s>'y</>");
        assertThat(shown("```\nx\n```")).isEqualTo("x\n");
        assertThat(shown("```java")).isEqualTo("");
    }

    @Test
    void linesOfCodeSayHowMuchRoomIsLeftBehindThem() {
        var code = new MarkdownFlow(Theme.PLAIN, 20);
        code.push("```\nint a");
        assertThat(code.room()).isEqualTo(15);
        code.push("\t\u6f22");
        assertThat(code.room()).isEqualTo(5); // a tab may be as wide as eight columns
        code.push(" and more than there is room for");
        assertThat(code.room()).isZero();
        code.push("\n");
        assertThat(code.room()).isEqualTo(20);
        code.push("```\nand");
        assertThat(code.room()).isBetween(17, 20);
    }
}
