package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which regular expressions reach the native library. */
class SplitPatternTest {

    static String[] published() {
        return PublishedShapes.PATTERNS.toArray(String[]::new);
    }

    @ParameterizedTest
    @MethodSource("published")
    void thoseOfPublishedTokenizersDo(String pattern) {
        assertThatCode(() -> SplitPattern.check(pattern)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                " ?\\p{L}++",
                "[^\\s]?+x",
                "\\w+?",
                "[[:alpha:]]+",
                "[a&&[^b]]",
                "(ab)\\1*",
                "a{2,5}b",
                "\\x{1F600}"
            })
    void otherCheapOnesDoToo(String pattern) {
        assertThatCode(() -> SplitPattern.check(pattern)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a+)+$",
                "(a*)*b",
                "(a|a)*b",
                "(?:a|aa)+x",
                "(a|b|ab)*c",
                "([a-z]+)*!",
                "(x+x+)+y",
                "a+a+b",
                ".*.*x",
                "\\s*\\s*\\S",
                "(?:\\w+\\s?)*:",
                "(?=a+a+b)c",
                "a+(?=a+b)",
                "(?:a?){9}b",
                "a?a?a?b+c",
                "(?:a{1,32}){1,32}b",
                "a{1,33}",
                "a{1,}",
                "a{0}",
                "a**",
                "a{2}{3}",
            })
    void thoseThatMayTryTooManyWaysDoNot(String pattern) {
        assertThatThrownBy(() -> SplitPattern.check(pattern)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a*",
                "a|",
                "a?|b",
                "(?!x)",
                "(",
                ")",
                "a)",
                "[a",
                "[",
                "\\",
                "\\p",
                "\\p{",
                "\\p{1}",
                "\\xz",
                "\\u00",
                "\\1",
                "(a)\\2",
                "\\k<x>",
                "\\g<0>",
                "\\G",
                "\\A",
                "\\Z",
                "\\b",
                "\\R",
                "\\X",
                "^a",
                "a$",
                "(?<=a)b",
                "(?<!a)b",
                "(?<name>a)",
                "(?>a)",
                "(?~a)",
                "(?m:a)",
                "(?(1)a)",
                "(?i)a",
                "(?#a)",
                "(?",
                "*",
                "+a",
                "{2}",
                "a{",
                "a{2",
                "a{99999999999999}",
                "((((((((a))))))))",
                "[[[[[[[[a]]]]]]]]",
            })
    void brokenAndUnknownOnesDoNot(String pattern) {
        assertThatThrownBy(() -> SplitPattern.check(pattern)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {2001, 100_000})
    void longOnesDoNot(int length) {
        assertThatThrownBy(() -> SplitPattern.check("a".repeat(length))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SplitPattern.check("(".repeat(length))).isInstanceOf(IllegalArgumentException.class);
    }
}
