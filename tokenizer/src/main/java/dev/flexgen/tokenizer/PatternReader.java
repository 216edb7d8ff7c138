package dev.flexgen.tokenizer;

import java.util.function.IntPredicate;

/** Reads the smallest things of a regular expression: signs, numbers, escapes, character classes. */
final class PatternReader {

    private static final int DEEPEST = 4;

    private final String pattern;
    private int at;

    PatternReader(String pattern) {
        this.pattern = pattern;
    }

    boolean atEnd() {
        return at == pattern.length();
    }

    /** The sign that comes next; NUL at the end. */
    char peek() {
        return atEnd() ? 0 : pattern.charAt(at);
    }

    char next() {
        return pattern.charAt(at++);
    }

    /** Whether one of the signs comes next. */
    boolean sees(String signs) {
        return !atEnd() && signs.indexOf(peek()) >= 0;
    }

    boolean take(String words) {
        boolean there = pattern.startsWith(words, at);
        at += there ? words.length() : 0;
        return there;
    }

    void expect(char sign) {
        if (!take(String.valueOf(sign))) {
            throw refused("'" + sign + "' is missing");
        }
    }

    IllegalArgumentException refused(String what) {
        return new IllegalArgumentException("at its character " + at + " it has " + what);
    }

    /** An escape behind its backslash; up to {@code groups} can be referred to. */
    void escape(int groups) {
        if (at == pattern.length()) {
            throw refused("a backslash at the end");
        }
        char sign = pattern.charAt(at++);
        switch (sign) {
            case 's', 'S', 'd', 'D', 'w', 'W', 'r', 'n', 't' -> {}
            case 'p', 'P' -> {
                expect('{');
                take("^");
                skip(PatternReader::isName, 1, 40);
                expect('}');
            }
            case 'u' -> skip(PatternReader::isHexadecimal, 4, 4);
            case 'x' -> {
                if (take("{")) {
                    skip(PatternReader::isHexadecimal, 1, 6);
                    expect('}');
                } else {
                    skip(PatternReader::isHexadecimal, 2, 2);
                }
            }
            default -> {
                boolean reference = sign >= '1' && sign <= '9' && sign - '0' <= groups;
                if (!reference && Character.isLetterOrDigit(sign)) {
                    throw refused("\\" + sign);
                }
            }
        }
    }

    private void skip(IntPredicate wanted, int least, int most) {
        int start = at;
        while (at - start < most && wanted.test(peek())) {
            at++;
        }
        if (at - start < least) {
            throw refused("an escape that is not complete");
        }
    }

    private static boolean isName(int sign) {
        return sign == '_' || (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z');
    }

    private static boolean isHexadecimal(int sign) {
        return (sign >= '0' && sign <= '9') || (sign >= 'a' && sign <= 'f') || (sign >= 'A' && sign <= 'F');
    }

    /** The rest of a class; classes may stand in classes and be cut with {@code &&}. */
    void characterClass(int depth) {
        if (depth > DEEPEST) {
            throw refused("classes are nested too deeply");
        }
        take("^");
        for (boolean first = true; ; first = false) {
            if (at == pattern.length()) {
                throw refused("a class without an end");
            }
            char sign = pattern.charAt(at++);
            if (sign == ']' && !first) {
                return;
            }
            if (sign == '\\') {
                escape(0);
            } else if (sign == '[') {
                characterClass(depth + 1);
            }
        }
    }

    int number() {
        int start = at;
        while (at < pattern.length() && Character.isDigit(pattern.charAt(at)) && at - start < 4) {
            at++;
        }
        if (at == start) {
            throw refused("a repetition without bounds");
        }
        return Integer.parseInt(pattern, start, at, 10);
    }
}
