package dev.flexgen.chat;

import dev.flexgen.tokenizer.Tokenizer;
import java.util.function.Supplier;

/**
 * A smaller model's tokenizer for a model of random weights: ids that it does not know begin again at its first, so that every token
 * has a text and a reply looks like one. Any thread.
 */
final class BorrowedTokenizer implements Tokenizer {

    private final Tokenizer owner;

    private BorrowedTokenizer(Tokenizer owner) {
        this.owner = owner;
    }

    /** Of one that is opened when it is needed. */
    static Supplier<Tokenizer> of(Supplier<Tokenizer> owner) {
        return () -> new BorrowedTokenizer(owner.get());
    }

    @Override
    public int[] encode(String text) {
        return owner.encode(text);
    }

    @Override
    public int[] encodeContinuation(String text) {
        return owner.encodeContinuation(text);
    }

    @Override
    public int[] encodeWithSpecialTokens(String text) {
        return owner.encodeWithSpecialTokens(text);
    }

    @Override
    public String decode(int[] ids) {
        int[] known = ids.clone();
        for (int i = 0; i < known.length; i++) {
            known[i] = known(known[i]);
        }
        return owner.decode(known);
    }

    @Override
    public boolean isSpecial(int id) {
        return owner.isSpecial(known(id));
    }

    @Override
    public int size() {
        return owner.size();
    }

    private int known(int id) {
        return id % owner.size();
    }

    @Override
    public void close() {
        owner.close();
    }
}
