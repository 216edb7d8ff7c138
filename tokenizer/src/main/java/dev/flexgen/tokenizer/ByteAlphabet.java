package dev.flexgen.tokenizer;

import java.util.Map;
import java.util.Optional;

/**
 * The characters by which byte-level tokenizers write bytes. The library drops in silence what the vocabulary has no
 * token for, so a vocabulary must at least have the characters of plain text. Rare bytes are missing in some published
 * vocabularies too, and are not asked for.
 */
final class ByteAlphabet {

    private static final char SPACE = '\u0120';
    private static final char LINE_FEED = '\u010A';

    private ByteAlphabet() {}

    /** A byte of plain text that the vocabulary lacks, as the vocabulary would write it. */
    static Optional<String> missing(Map<String, Integer> vocabulary) {
        for (char sign = '!'; sign <= '~'; sign++) {
            if (!vocabulary.containsKey(String.valueOf(sign))) {
                return Optional.of(String.valueOf(sign));
            }
        }
        for (char sign : new char[] {SPACE, LINE_FEED}) {
            if (!vocabulary.containsKey(String.valueOf(sign))) {
                return Optional.of(String.valueOf(sign));
            }
        }
        return Optional.empty();
    }
}
