package dev.flexgen.chat.dialogue;

import java.util.Locale;

/** A single message that does not fit into the context even when all earlier turns are forgotten. */
public final class MessageTooLongException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public MessageTooLongException(int tokens, int room, int contextLimit) {
        super(String.format(
                Locale.ROOT,
                "This message has %,d tokens, but the context of %,d has room for only %,d; shorten it or send it in parts.",
                tokens,
                contextLimit,
                room));
    }

    /** Always present, unlike {@link Throwable#getMessage()}'s contract. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
