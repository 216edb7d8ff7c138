package dev.flexgen.chat;

import dev.flexgen.config.ConfigException;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.hub.HubException;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CancellationException;

/** Turns whatever ended a command into one line on standard error and an exit code. */
public final class Failures {

    private final PrintStream err;

    public Failures(PrintStream err) {
        this.err = err;
    }

    /** Says what went wrong, with the stack trace when {@code verbose}. */
    public ExitCode report(Throwable failure, boolean verbose) {
        ExitCode code = exitCode(failure);
        if (!(failure instanceof CancellationException)) {
            complain(sentence(failure));
        }
        if (verbose) {
            var trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace));
            err.print(PlainText.of(trace.toString()));
        }
        return code;
    }

    /** One line in the form of all our messages, harmless to a terminal whatever a damaged file has put into it. */
    public void complain(String sentence) {
        String line = sentence.strip().replaceAll("\\s*\\R\\s*", " ");
        err.print("flexgen-chat: " + PlainText.line(line) + "\n");
    }

    private static ExitCode exitCode(Throwable failure) {
        return switch (failure) {
            case CommandException e -> e.exitCode();
            case ConfigException _ -> ExitCode.USAGE;
            case HubException e ->
                switch (e.kind()) {
                    case LOCAL, NOT_FOUND, NO_REVISION, GATED, CORRUPT, NOT_A_MODEL -> ExitCode.MODEL;
                    case UNAUTHORIZED, OFFLINE, NETWORK, NO_SPACE, STORE, SERVER -> ExitCode.FAILURE;
                };
            case TokenizerException e ->
                switch (e.kind()) {
                    case FILES -> ExitCode.MODEL;
                    case TEXT -> ExitCode.USAGE;
                    case LIBRARY -> ExitCode.DEVICE;
                };
            case EngineException e ->
                switch (e.kind()) {
                    case INPUT -> ExitCode.USAGE;
                    case MODEL -> ExitCode.MODEL;
                    case PLACEMENT -> ExitCode.FIT;
                    case DEVICE -> ExitCode.DEVICE;
                };
            case OutOfMemoryError _ -> ExitCode.FIT;
            case CancellationException _ -> ExitCode.INTERRUPTED;
            default -> ExitCode.FAILURE;
        };
    }

    /** What went wrong, for the user. */
    public static String sentence(Throwable failure) {
        return switch (failure) {
            case CommandException _,
                    ConfigException _,
                    HubException _,
                    TokenizerException _,
                    EngineException _,
                    ClosedOutputException _ -> String.valueOf(failure.getMessage());
            case OutOfMemoryError e ->
                "the Java heap is full (" + e.getMessage() + "); give it more with FLEXGEN_JAVA_OPTS=-Xmx4g";
            default -> "unexpected " + failure + "; this is a fault of the program, -v shows where it happened";
        };
    }
}
