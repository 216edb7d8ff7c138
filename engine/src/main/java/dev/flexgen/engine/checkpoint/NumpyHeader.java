package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The header of a {@code .npy} file: a Python dictionary of {@code descr}, {@code fortran_order} and {@code shape}, in any
 * order, each once. Reads exactly what numpy writes for arrays of plain elements; there are no other Python expressions here.
 */
final class NumpyHeader {

    private final MappedFile file;
    private final String text;
    private int at;

    private @Nullable String descr;
    private @Nullable Boolean fortranOrder;
    private long @Nullable [] extents;

    /** @param text the whole header, padded with white space */
    NumpyHeader(MappedFile file, String text) {
        this.file = file;
        this.text = text;
        expect('{');
        while (!accept('}')) {
            member();
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skipSpace();
        if (at < text.length()) {
            throw wrong("the end");
        }
        if (descr == null || fortranOrder == null || extents == null) {
            throw NumpyFile.damaged(file, "its header lacks one of descr, fortran_order and shape");
        }
    }

    /** The element type in numpy's spelling. */
    String descr() {
        return required(descr);
    }

    /** Whether the first axis varies fastest. */
    boolean fortranOrder() {
        return required(fortranOrder);
    }

    long[] extents() {
        return required(extents).clone();
    }

    private static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the constructor refuses a header without it");
        }
        return value;
    }

    private void member() {
        String key = string();
        expect(':');
        boolean again = switch (key) {
            case "descr" -> descr != null;
            case "fortran_order" -> fortranOrder != null;
            case "shape" -> extents != null;
            default -> throw NumpyFile.damaged(file, "its header has the unknown key '" + Quoted.text(key) + "'");
        };
        if (again) {
            throw NumpyFile.damaged(file, "its header has the key " + key + " twice");
        }
        switch (key) {
            case "descr" -> descr = string();
            case "fortran_order" -> fortranOrder = truth();
            default -> extents = tuple();
        }
    }

    private String string() {
        char quote = accept('\'') ? '\'' : '"';
        if (quote == '"') {
            expect('"');
        }
        int end = text.indexOf(quote, at);
        String value = end < 0 ? "" : text.substring(at, end);
        if (end < 0 || value.indexOf('\\') >= 0) {
            throw wrong("a quoted text without escapes");
        }
        at = end + 1;
        return value;
    }

    private boolean truth() {
        skipSpace();
        for (boolean value : new boolean[] {true, false}) {
            String word = value ? "True" : "False";
            if (text.startsWith(word, at)) {
                at += word.length();
                return value;
            }
        }
        throw wrong("True or False");
    }

    /** Whole numbers in parentheses; a comma must follow where there is only one, as Python has it. */
    private long[] tuple() {
        expect('(');
        long[] numbers = new long[Safetensors.HIGHEST_RANK];
        int length = 0;
        while (!accept(')')) {
            if (length == numbers.length) {
                throw wrong("at most " + numbers.length + " extents");
            }
            numbers[length++] = number();
            if (!accept(',')) {
                if (length == 1) {
                    throw wrong("a comma");
                }
                expect(')');
                break;
            }
        }
        return Arrays.copyOf(numbers, length);
    }

    private long number() {
        skipSpace();
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        try {
            return Long.parseLong(text.substring(start, at));
        } catch (NumberFormatException _) {
            // Nothing there, or more than 63 bits.
            at = start;
            throw wrong("a whole number from 0 to 2^63-1");
        }
    }

    private void expect(char wanted) {
        if (!accept(wanted)) {
            throw wrong("'" + wanted + "'");
        }
    }

    private boolean accept(char wanted) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void skipSpace() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
            at++;
        }
    }

    private EngineException wrong(String expected) {
        return NumpyFile.damaged(file, "expected " + expected + " at character " + at + " of its header");
    }
}
