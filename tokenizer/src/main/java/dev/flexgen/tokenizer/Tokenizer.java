package dev.flexgen.tokenizer;

/**
 * One model's mapping between text and token ids. Safe for use by several threads at once, except {@link #close()},
 * which belongs to whoever opened it.
 *
 * <p>Text is never cut off or padded. What a user typed goes through {@link #encode} or {@link #encodeContinuation},
 * which cannot produce a special id from it: {@code </s>} in a message is four characters, not the end of the text.
 */
public interface Tokenizer extends AutoCloseable {

    /** The ids of a text that starts a sequence: the model's begin tokens, if it has any, then the plain text. */
    int[] encode(String text);

    /** The ids of plain text that follows other ids: {@link #encode} without the begin tokens. */
    int[] encodeContinuation(String text);

    /**
     * The ids of trusted text, in which special tokens such as {@code </s>} are recognised; no begin tokens are added.
     * Never give it what a user typed.
     */
    int[] encodeWithSpecialTokens(String text);

    /**
     * The text of whole ids; special tokens are left out, and so are ids outside the vocabulary, which models with
     * padded embeddings can produce. Bytes that are no UTF-8 become U+FFFD; for ids that arrive one by one use
     * {@link StreamDecoder}.
     */
    String decode(int[] ids);

    /** Whether the id stands for a special token, one that is never text. */
    boolean isSpecial(int id);

    /** Number of ids that the tokenizer knows; the model's own vocabulary may be padded to more. */
    int size();

    @Override
    void close();
}
