package dev.flexgen.chat;

import java.util.Arrays;

/** What the process says to its caller by its exit code; part of the command-line contract. */
public enum ExitCode {
    OK(0),
    /** Anything that none of the others describes, a closed output pipe among them. */
    FAILURE(1),
    /** Wrong options, wrong settings, a request that the model cannot serve. */
    USAGE(2),
    /** A model that is missing, damaged or of an unknown kind. */
    MODEL(3),
    /** A model that does not fit into the memory it was given. */
    FIT(4),
    /** A device or native library that failed. */
    DEVICE(5),
    /** No JDK 25; the launcher script alone answers with it. */
    NO_JDK(69),
    /** Stopped by Ctrl-C. */
    INTERRUPTED(130);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** The constant for a number that one of them has. */
    public static ExitCode of(int code) {
        return Arrays.stream(values())
                .filter(exitCode -> exitCode.code == code)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no exit code " + code));
    }
}
