package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.KvFileFault;

/** A file of keys and values that is of no use; nobody but its reader sees it. */
final class KvFileException extends Exception {

    private static final long serialVersionUID = 1L;

    private final KvFileFault fault;

    KvFileException(KvFileFault fault, String message) {
        super(message);
        this.fault = fault;
    }

    KvFileFault fault() {
        return fault;
    }
}
