package dev.flexgen.chat;

/** A command that cannot be carried out as it was given; the message is one sentence for the user. */
public final class CommandException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;

    private CommandException(ExitCode exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** For a request that makes no sense: says what is wrong, where, and what to do. */
    public static CommandException usage(String message) {
        return new CommandException(ExitCode.USAGE, message);
    }

    /** For a model that cannot serve the request: says what it lacks, where, and what to do. */
    public static CommandException model(String message) {
        return new CommandException(ExitCode.MODEL, message);
    }

    /** For a refusal with another exit code. */
    public static CommandException of(ExitCode exitCode, String message) {
        return new CommandException(exitCode, message);
    }

    /** For what failed on the way although the request makes sense. */
    public static CommandException failure(String message) {
        return new CommandException(ExitCode.FAILURE, message);
    }

    public ExitCode exitCode() {
        return exitCode;
    }
}
