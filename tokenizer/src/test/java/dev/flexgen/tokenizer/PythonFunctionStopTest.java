package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Where a Python function ends. */
class PythonFunctionStopTest {

    /** The text that is left, however it is cut into pieces. */
    private static String of(String prompt, String text) {
        String whole = in(prompt, text, text.length());
        for (int size = 1; size < text.length(); size++) {
            assertThat(in(prompt, text, size)).as("in pieces of %d", size).isEqualTo(whole);
        }
        return whole;
    }

    private static String in(String prompt, String text, int size) {
        PythonFunctionStop stop = new PythonFunctionStop(prompt);
        StringBuilder left = new StringBuilder();
        for (int i = 0; i < text.length(); i += size) {
            left.append(stop.push(text.substring(i, Math.min(text.length(), i + size))));
        }
        return left + stop.flush();
    }

    @Test
    void aFunctionEndsBeforeTheNextLineThatIsNotIndented() {
        String body = "    if a:\n        return b\n\n    return a + b";
        assertThat(of("def add(a, b):\n", body + "\n\n\nprint(add(1, 2))\n")).isEqualTo(body);
        assertThat(of("def add(a, b):\n", body + "\ndef next(): pass")).isEqualTo(body);
        assertThat(of("def add(a, b):\n", body + "\n# a comment\n")).isEqualTo(body);
        assertThat(of("def add(a, b):\n", body + "\n@decorated\n")).isEqualTo(body);
        assertThat(of("def add(a, b):\n", body + "\r\n\r\nx = 1")).isEqualTo(body);
    }

    @Test
    void oneThatDoesNotEndIsLeftWhole() {
        assertThat(of("def add(a, b):\n", "    return a\n\n  ")).isEqualTo("    return a\n\n  ");
        assertThat(of("", "x = 1\ny = 2\n")).isEqualTo("x = 1\ny = 2\n");
    }

    @Test
    void thePromptMayEndAnywhereInIt() {
        assertThat(of("import os\n\ndef add(a, ", "b):\n    return a + b\nprint()"))
                .isEqualTo("b):\n    return a + b");
        assertThat(of("def add(a, b):\n    return a", " + b\nx")).isEqualTo(" + b");
        assertThat(of("de", "f add(a):\n    return a\nx")).isEqualTo("f add(a):\n    return a");
        assertThat(of("async def add(a):\n# the sum\n", "    return a\nx")).isEqualTo("    return a");
    }

    @Test
    void aMethodEndsBeforeTheNextOne() {
        assertThat(of("class A:\n    def one(self):\n", "        return 1\n\n    def two(self):\n        return 2\n"))
                .isEqualTo("        return 1");
        assertThat(of("class A:\n\tdef one(self):\n", "\t\treturn 1\n\tx = 1")).isEqualTo("\t\treturn 1");
    }

    @Test
    void functionsWithinAFunctionDoNotEndIt() {
        String rest = "    return inner()";
        assertThat(of("def outer():\n    def inner():\n        return 1\n", rest + "\nx"))
                .isEqualTo(rest);
        String text = "    def inner():\n        return 1\n    return inner()";
        assertThat(of("def outer():\n", text + "\nouter()")).isEqualTo(text);
    }

    @Test
    void withoutAFunctionTheFirstThatBeginsIsWritten() {
        String text = "import os\n\nLIMIT = 3\n\ndef one():\n    return LIMIT";
        assertThat(of("# A function\n", text + "\n\ndef two():\n")).isEqualTo(text);
        assertThat(of("def zero():\n    pass\n\nx = 1\n", text + "\nx")).isEqualTo(text);
        assertThat(of("", "define = 1\nx = 2\n")).isEqualTo("define = 1\nx = 2\n");
    }

    @Test
    void longStringsAndBracketsMayBeginLines() {
        String text = "    \"\"\"Says\nit isn't \"over\".\n\"\"\"\n    return 1";
        assertThat(of("def one():\n", text + "\nx")).isEqualTo(text);
        assertThat(of("def one():\n    '''Says\n", "this'''\n    return 1\nx")).isEqualTo("this'''\n    return 1");
        assertThat(of("def one(\n    a,\n", "):\n    return a\nx")).isEqualTo("):\n    return a");
        assertThat(of("def one():\n", "    return ''\nx")).isEqualTo("    return ''");
    }
}
