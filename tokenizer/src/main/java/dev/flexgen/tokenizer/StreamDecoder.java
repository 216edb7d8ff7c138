package dev.flexgen.tokenizer;

import java.util.Arrays;

/**
 * Turns ids that arrive one by one into text, as a whole {@link Tokenizer#decode} of them all would, without ever
 * showing half a character.
 *
 * <p>A token may end within a character's UTF-8 bytes; the decoded text then ends in U+FFFD, which is held back until
 * the next token completes the character or proves that it is none. Only a short window of ids is decoded for each
 * token, so a long reply costs no more per token than a short one. Belongs to one reply and one thread.
 */
public final class StreamDecoder {

    private static final char REPLACEMENT = '\uFFFD';

    /** An unfinished character has at most three bytes and thus reaches back over at most three tokens. */
    private static final int UNFINISHED_TOKENS = 3;

    /** Ids after which a window that does not end at a character is cut; reached only by bytes that are no text. */
    private static final int LONG_WINDOW = 16;

    /** Ids after which it is given up: tokens that each begin amid invalid bytes offer no clean place for a cut. */
    private static final int LONGEST_WINDOW = 64;

    private final Tokenizer tokenizer;
    private final int[] window = new int[LONGEST_WINDOW];
    private int length;
    /** Characters of the window's text that have been returned. */
    private int shown;
    /** Ids of the window that the next cut drops: those before the last time that everything was shown. */
    private int settled;

    public StreamDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Takes the next id and returns the text that is now certain; empty while a character is unfinished. */
    public String next(int id) {
        if (tokenizer.isSpecial(id)) {
            return "";
        }
        window[length++] = id;
        String text = decode(0, length);
        boolean open = !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
        String fresh = show(text, open ? text.length() - 1 : text.length());
        if (!open) {
            drop(settled);
            settled = length;
        } else if (length >= LONG_WINDOW) {
            cutInvalidBytes(text);
        }
        return length == LONGEST_WINDOW ? fresh + flush() : fresh;
    }

    /** The ids are over: returns what was held back. */
    public String flush() {
        String text = decode(0, length);
        String rest = show(text, text.length());
        length = 0;
        shown = 0;
        settled = 0;
        return rest;
    }

    private String show(String text, int end) {
        String fresh = text.substring(Math.min(shown, end), end);
        shown = Math.max(shown, end);
        return fresh;
    }

    /** Forgets the window's first ids. The rest keeps enough context for decoders that treat a first token specially. */
    private void drop(int count) {
        if (count == 0) {
            return;
        }
        length -= count;
        System.arraycopy(window, count, window, 0, length);
        shown = decode(0, length).length();
    }

    /** Cuts the window where both parts decode to what they are together, and forgets the first. */
    private void cutInvalidBytes(String text) {
        for (int cut = length - UNFINISHED_TOKENS - 1; cut > 0; cut--) {
            String tail = decode(cut, length);
            // Ids that the tokenizer does not know are nothing; what is held back must not be cut off before them.
            if (!tail.isEmpty() && text.equals(decode(0, cut) + tail)) {
                length -= cut;
                System.arraycopy(window, cut, window, 0, length);
                shown = tail.length() - 1;
                settled = 0;
                return;
            }
        }
    }

    private String decode(int from, int to) {
        return tokenizer.decode(Arrays.copyOfRange(window, from, to));
    }
}
