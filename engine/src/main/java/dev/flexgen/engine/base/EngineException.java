package dev.flexgen.engine.base;

import org.jspecify.annotations.Nullable;

/**
 * The engine's one failure: a sentence that says what happened, where (file, tensor, byte, key) and what to do, and a
 * {@link Kind} from which the application chooses its exit code.
 */
public final class EngineException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What sort of thing went wrong, seen from the user's side. */
    public enum Kind {
        /** A request the model cannot serve: ids out of range, a prompt longer than the context. */
        INPUT,
        /** A model folder that is missing, damaged, incomplete or of an unsupported kind. */
        MODEL,
        /** The model does not fit into the memory it was given. */
        PLACEMENT,
        /** A device or native library that failed. */
        DEVICE
    }

    private final Kind kind;

    /** @param message one sentence: what, where, what to do */
    public EngineException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public static EngineException input(String message) {
        return new EngineException(Kind.INPUT, message, null);
    }

    public static EngineException input(String message, Throwable cause) {
        return new EngineException(Kind.INPUT, message, cause);
    }

    public static EngineException model(String message) {
        return new EngineException(Kind.MODEL, message, null);
    }

    public static EngineException model(String message, Throwable cause) {
        return new EngineException(Kind.MODEL, message, cause);
    }

    public static EngineException placement(String message) {
        return new EngineException(Kind.PLACEMENT, message, null);
    }

    public static EngineException device(String message, Throwable cause) {
        return new EngineException(Kind.DEVICE, message, cause);
    }

    public Kind kind() {
        return kind;
    }

    /** Always present, unlike {@link Throwable#getMessage()}'s contract. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
