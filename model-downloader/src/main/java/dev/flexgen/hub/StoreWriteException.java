package dev.flexgen.hub;

import java.io.IOException;

/** Marks a failure to write as one of this machine's disk, where those of the network look the same. */
final class StoreWriteException extends IOException {

    private static final long serialVersionUID = 1L;

    StoreWriteException(IOException cause) {
        super(cause.getMessage(), cause);
    }
}
