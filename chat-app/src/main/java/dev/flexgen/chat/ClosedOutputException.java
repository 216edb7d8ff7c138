package dev.flexgen.chat;

/** Nobody reads standard output any more, so that going on would be work for nothing; ends the program without a word. */
public final class ClosedOutputException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ClosedOutputException() {
        super("standard output was closed by its reader");
    }
}
