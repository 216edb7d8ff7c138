package dev.flexgen.tokenizer;

import org.jspecify.annotations.Nullable;

/** The tokenizer's one failure: a sentence that says what happened, in which file, and what to do about it. */
public final class TokenizerException extends RuntimeException {

    /** What has to be put right. */
    public enum Kind {
        /** The tokenizer's files. */
        FILES,
        /** The text: another one can be tried with the same tokenizer. */
        TEXT,
        /** The native library, or the folder it is unpacked to. */
        LIBRARY
    }

    private static final long serialVersionUID = 1L;

    private final Kind kind;

    private TokenizerException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** About files. */
    public TokenizerException(String message) {
        this(Kind.FILES, message, null);
    }

    /** About files. */
    public TokenizerException(String message, Throwable cause) {
        this(Kind.FILES, message, cause);
    }

    /** About a text, which is fine in itself but more than this tokenizer can do. */
    public static TokenizerException text(String message) {
        return new TokenizerException(Kind.TEXT, message, null);
    }

    public static TokenizerException library(String message, Throwable cause) {
        return new TokenizerException(Kind.LIBRARY, message, cause);
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
