package dev.flexgen.chat.dialogue;

/** A single message that does not fit into the context even when all earlier turns are forgotten. */
public final class MessageTooLongException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public MessageTooLongException(int tokens, int room, int contextLimit) {
        super(
                "This message has %,d tokens, but the context of %,d has room for only %,d; shorten it or send it in parts."
                        .formatted(tokens, contextLimit, room));
    }

    /** Always present, unlike {@link Throwable#getMessage()}'s contract. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
