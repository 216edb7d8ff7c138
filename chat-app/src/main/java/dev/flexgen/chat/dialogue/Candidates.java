package dev.flexgen.chat.dialogue;

import java.util.List;
import java.util.function.IntConsumer;

/**
 * Several replies to one message, none of which belongs to the dialogue until it is chosen. Owned by the thread that talks.
 *
 * @param replies in the order in which they were asked for
 * @param choice makes the reply of this index a turn; the others are forgotten. At most once
 */
public record Candidates(List<Reply> replies, IntConsumer choice) {

    public Candidates {
        replies = List.copyOf(replies);
    }

    /** Whether nothing was said. */
    public boolean isEmpty() {
        return replies.stream().allMatch(reply -> reply.text().isEmpty());
    }

    public void choose(int index) {
        choice.accept(index);
    }
}
