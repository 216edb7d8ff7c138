package dev.flexgen.chat;

/** Nothing written to standard output arrives any more, so that going on would be work for nothing. */
public final class ClosedOutputException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ClosedOutputException() {
        super("standard output cannot be written any more: its reader is gone, or the disk is full");
    }
}
