package dev.flexgen.tokenizer;

import dev.flexgen.config.Quoted;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A forward-only reader of JSON text that knows its position, so that a megabyte document can be edited by cutting and
 * pasting text instead of being parsed and written again; several times as fast as a parser in a JVM that has just
 * started. Lenient in what it skips: the native library parses the whole document strictly afterwards.
 */
final class JsonScanner {

    /** No vocabulary comes near it; a larger number is damage, and would cost memory. */
    static final int LARGEST_ID = (1 << 24) - 1;

    private final String text;
    private final String where;
    private int at;

    /** @param where the file as error messages call it */
    JsonScanner(String text, String where) {
        this.text = text;
        this.where = where;
    }

    /** Offset of the next value or sign, past white space. */
    int position() {
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
        return at;
    }

    boolean startsWith(char sign) {
        int position = position();
        return position < text.length() && text.charAt(position) == sign;
    }

    boolean take(char sign) {
        boolean there = startsWith(sign);
        if (there) {
            at++;
        }
        return there;
    }

    void expect(char sign) {
        if (!take(sign)) {
            throw garbled("'" + sign + "' expected");
        }
    }

    /** The key of the next member, its colon consumed. */
    String key() {
        String key = string();
        expect(':');
        return key;
    }

    String string() {
        expect('"');
        int start = at;
        int end = stringEnd();
        String raw = text.substring(start, end);
        at = end + 1;
        return raw.indexOf('\\') < 0 ? raw : unescape(raw);
    }

    int tokenId() {
        int start = position();
        int id = 0;
        while (at < text.length() && isDigit(text.charAt(at)) && id <= LARGEST_ID) {
            id = id * 10 + (text.charAt(at++) - '0');
        }
        boolean ended = at == text.length() || ",}] \n\r\t".indexOf(text.charAt(at)) >= 0;
        if (at == start || !ended || id > LARGEST_ID) {
            at = start;
            throw garbled("a token id (a whole number from 0 to " + LARGEST_ID + ") expected");
        }
        return id;
    }

    /** Reads an object: {@code member} is called with each key and must read or skip its value. */
    void members(Consumer<String> member) {
        expect('{');
        if (take('}')) {
            return;
        }
        do {
            member.accept(key());
        } while (take(','));
        expect('}');
    }

    /** Reads an object of token to id. */
    void vocabulary(Map<String, Integer> into) {
        members(token -> {
            if (into.put(token, tokenId()) != null) {
                throw garbled("the token " + Quoted.of(token) + " stands there twice");
            }
        });
    }

    /** Skips an array and returns the number of its items. */
    int items() {
        expect('[');
        if (take(']')) {
            return 0;
        }
        int items = 0;
        do {
            skip();
            items++;
        } while (take(','));
        expect(']');
        return items;
    }

    /** Nothing may follow. */
    void end() {
        if (position() < text.length()) {
            throw garbled("it should end here");
        }
    }

    /** Skips a value of any kind and returns its text. */
    String value() {
        int start = position();
        skip();
        return text.substring(start, at);
    }

    private void skip() {
        int start = position();
        int depth = 0;
        while (at < text.length()) {
            char sign = text.charAt(at);
            if (depth == 0 && at > start && (sign == ',' || sign == '}' || sign == ']')) {
                break;
            }
            at++;
            switch (sign) {
                case '"' -> at = stringEnd() + 1;
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                default -> {}
            }
        }
        if (depth != 0 || at == start) {
            throw garbled("it ends within a value");
        }
    }

    TokenizerException garbled(String problem) {
        return new TokenizerException(where + " is not a valid tokenizer file (character " + at + ": " + problem
                + "): fetch the file again.");
    }

    /** Offset of the quote that ends the string which began before the current position. */
    private int stringEnd() {
        int from = at;
        while (true) {
            int quote = text.indexOf('"', from);
            if (quote < 0) {
                throw garbled("it ends within a string");
            }
            int escape = text.indexOf('\\', from, quote);
            if (escape < 0) {
                return quote;
            }
            from = escape + 2;
        }
    }

    private String unescape(String raw) {
        StringBuilder plain = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char sign = raw.charAt(i);
            if (sign != '\\') {
                plain.append(sign);
                continue;
            }
            char kind = raw.charAt(++i);
            switch (kind) {
                case '"', '\\', '/' -> plain.append(kind);
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case 'n' -> plain.append('\n');
                case 'r' -> plain.append('\r');
                case 't' -> plain.append('\t');
                case 'u' -> {
                    plain.append(hex(raw, i + 1));
                    i += 4;
                }
                default -> throw garbled("unknown escape " + Quoted.of("\\" + kind));
            }
        }
        return plain.toString();
    }

    private char hex(String raw, int from) {
        try {
            return (char) Integer.parseInt(raw, from, from + 4, 16);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw garbled("four hexadecimal digits expected after \\u");
        }
    }

    private static boolean isDigit(char sign) {
        return sign >= '0' && sign <= '9';
    }
}
