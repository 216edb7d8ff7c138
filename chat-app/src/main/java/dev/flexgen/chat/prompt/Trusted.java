package dev.flexgen.chat.prompt;

import java.util.ArrayList;
import java.util.List;

/**
 * Marks in a prompt what a chat template wrote, where special tokens are meant, apart from what people and models say, where they are
 * only text. The marks are control characters, which never come from a user.
 */
public final class Trusted {

    private static final char BEGIN = '\u0001';
    private static final char END = '\u0002';

    private Trusted() {}

    /** A part of a prompt. */
    public record Piece(String text, boolean trusted) {}

    /** Text of a template. Blanks around it stay outside: a tokenizer takes them together with the word that follows. */
    static String mark(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && text.charAt(from) == ' ') {
            from++;
        }
        while (to > from && text.charAt(to - 1) == ' ') {
            to--;
        }
        return from == to
                ? text
                : text.substring(0, from) + BEGIN + text.substring(from, to) + END + text.substring(to);
    }

    /** What somebody said, so that it marks nothing. */
    static String clean(String text) {
        return text.indexOf(BEGIN) < 0 && text.indexOf(END) < 0
                ? text
                : text.replace(Character.toString(BEGIN), "").replace(Character.toString(END), "");
    }

    /** Whether a prompt has marks. */
    public static boolean isMarked(String text) {
        return text.indexOf(BEGIN) >= 0;
    }

    /** The pieces of a prompt, in order. */
    public static List<Piece> pieces(String text) {
        List<Piece> pieces = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            boolean trusted = text.charAt(at) == BEGIN;
            int begin = trusted ? at + 1 : at;
            int end = text.indexOf(trusted ? END : BEGIN, begin);
            end = end < 0 ? text.length() : end;
            pieces.add(new Piece(text.substring(begin, end), trusted));
            at = trusted ? end + 1 : end;
        }
        return pieces;
    }
}
