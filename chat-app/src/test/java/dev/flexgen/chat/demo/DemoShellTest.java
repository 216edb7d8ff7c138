package dev.flexgen.chat.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoShellTest {

    @Test
    void aLineHasWords() {
        assertThat(DemoShell.words("  flexgen-chat  -m demo \"two words\" 'it is' --system=x "))
                .containsExactly("flexgen-chat", "-m", "demo", "two words", "it is", "--system=x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a > b", "a | b", "a; b", "a && b", "a $HOME", "a `b`", "a \"b", "a \\b", "a \"b\"c"})
    void whatMeansSomethingToAShellIsNoWord(String line) {
        assertThat(DemoShell.words(line)).isEmpty();
    }

    @Test
    void aLineIsEditedAsAtATerminal() {
        var screen = new StringBuilder();
        var keys = new ArrayDeque<Integer>();
        "wrong\u0015ño\u007fo \u001bOA\u001b[1;5Dx\u0003héy\r".chars().forEach(c -> {
            for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                keys.add(b & 0xff);
            }
        });
        keys.add(4);
        var lines = new KeyedLines(() -> keys.isEmpty() ? -1 : keys.remove(), screen::append);

        assertThat(lines.readLine("$ ")).isEqualTo("héy");
        assertThat(lines.readLine("$ ")).isNull();
        assertThat(screen).contains("ño\b \bo x^C\n$ héy\n$ ");
        assertThat(List.copyOf(keys)).isEmpty();
    }
}
