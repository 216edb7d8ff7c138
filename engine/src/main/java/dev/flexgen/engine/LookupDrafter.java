package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import java.util.Arrays;

/**
 * Drafts what followed the last tokens when they occurred before: replies repeat names, code and whole sentences of their conversation.
 * Needs no second model (prompt lookup decoding, https://github.com/apoorvumang/prompt-lookup-decoding). Stateless; any thread.
 */
public final class LookupDrafter implements Drafter {

    /** A match of fewer tokens is most often chance. */
    private static final int LEAST = 2;

    private static final int MOST = 5;

    @Override
    public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
        int best = 0;
        int bestEnd = -1;
        for (int end = length - 1; end >= LEAST && best < MOST; end--) {
            int match = match(ids, end, length);
            if (match > best) {
                best = match;
                bestEnd = end;
            }
        }
        return best < LEAST ? new int[0] : Arrays.copyOfRange(ids, bestEnd, Math.min(length, bestEnd + most));
    }

    /** How many tokens before {@code end} are those before {@code length}, up to {@link #MOST}. */
    private static int match(int[] ids, int end, int length) {
        int match = 0;
        while (match < MOST && match < end && ids[end - 1 - match] == ids[length - 1 - match]) {
            match++;
        }
        return match;
    }

    @Override
    public void close() {
        // nothing is held
    }
}
