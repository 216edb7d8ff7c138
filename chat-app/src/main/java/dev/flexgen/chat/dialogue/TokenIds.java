package dev.flexgen.chat.dialogue;

import java.util.Arrays;
import java.util.Collection;

/** Token ids that never change. */
public final class TokenIds {

    public static final TokenIds NONE = new TokenIds(new int[0]);

    private final int[] ids;

    private TokenIds(int[] ids) {
        this.ids = ids;
    }

    public static TokenIds of(int... ids) {
        return new TokenIds(ids.clone());
    }

    public static TokenIds join(Collection<TokenIds> parts) {
        int[] all = new int[parts.stream().mapToInt(TokenIds::length).sum()];
        int at = 0;
        for (var part : parts) {
            System.arraycopy(part.ids, 0, all, at, part.ids.length);
            at += part.ids.length;
        }
        return new TokenIds(all);
    }

    public int length() {
        return ids.length;
    }

    /** The first ones. */
    public TokenIds first(int count) {
        return new TokenIds(Arrays.copyOf(ids, count));
    }

    /** Those from {@code index} on. */
    TokenIds from(int index) {
        return new TokenIds(Arrays.copyOfRange(ids, index, ids.length));
    }

    /** Whether {@code others} stand at {@code index}, all of them. */
    boolean has(int index, TokenIds others) {
        int end = index + others.ids.length;
        return end <= ids.length && Arrays.equals(ids, index, end, others.ids, 0, others.ids.length);
    }

    /** A copy, the caller's own. */
    public int[] toArray() {
        return ids.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenIds that && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return Arrays.toString(ids);
    }
}
