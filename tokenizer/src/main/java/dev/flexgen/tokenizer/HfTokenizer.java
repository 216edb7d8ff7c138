package dev.flexgen.tokenizer;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face tokenizer as a pair: one without special tokens for everything that users and models say, and, made
 * only when asked for, one with them for trusted text.
 */
final class HfTokenizer implements Tokenizer {

    private final TokenizerSource source;
    private final NativeLibrary library;
    private final DjlTokenizer plain;
    private final int[] beginIds;
    private final Set<Integer> specialIds;
    private final int size;
    private @Nullable DjlTokenizer trusted;
    private boolean closed;

    private HfTokenizer(TokenizerSource source, TokenizerJson json, int[] beginIds, NativeLibrary library) {
        this.source = source;
        this.library = library;
        this.beginIds = beginIds;
        this.specialIds = json.addedTokens().stream()
                .filter(AddedToken::special)
                .map(AddedToken::id)
                .collect(Collectors.toUnmodifiableSet());
        this.size = json.size();
        this.plain = DjlTokenizer.of(json.withoutSpecialTokens(), json.where(), library);
    }

    /** @param json what the source holds now */
    static Tokenizer open(TokenizerSource source, TokenizerJson json, int[] beginIds, NativeLibrary library) {
        return new HfTokenizer(source, json, beginIds, library);
    }

    @Override
    public int[] encode(String text) {
        int[] ids = encodeContinuation(text);
        int[] begun = Arrays.copyOf(beginIds, beginIds.length + ids.length);
        System.arraycopy(ids, 0, begun, beginIds.length, ids.length);
        return begun;
    }

    @Override
    public int[] encodeContinuation(String text) {
        int[] ids = plain.encode(text);
        return Arrays.stream(ids).anyMatch(this::isSpecial) ? encodeInPieces(text) : ids;
    }

    /**
     * No byte-level tokenizer gets here, but a vocabulary may let ordinary merges spell a special token. One character
     * at a time they cannot; what is special even so has no plain form and is left out.
     */
    private int[] encodeInPieces(String text) {
        return text.codePoints()
                .mapToObj(Character::toString)
                .flatMapToInt(character -> Arrays.stream(plain.encode(character)))
                .filter(id -> !isSpecial(id))
                .toArray();
    }

    @Override
    public int[] encodeWithSpecialTokens(String text) {
        return specialIds.isEmpty() ? plain.encode(text) : trusted().encode(text);
    }

    private synchronized DjlTokenizer trusted() {
        if (closed) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        DjlTokenizer tokenizer = trusted;
        if (tokenizer == null) {
            TokenizerJson json = source.read();
            tokenizer = DjlTokenizer.of(json.withSpecialTokens(), json.where(), library);
            trusted = tokenizer;
        }
        return tokenizer;
    }

    @Override
    public String decode(int[] ids) {
        return plain.decode(
                Arrays.stream(ids).filter(id -> !isSpecial(id)).asLongStream().toArray());
    }

    @Override
    public boolean isSpecial(int id) {
        return specialIds.contains(id);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public synchronized void close() {
        closed = true;
        plain.close();
        if (trusted != null) {
            trusted.close();
            trusted = null;
        }
    }
}
