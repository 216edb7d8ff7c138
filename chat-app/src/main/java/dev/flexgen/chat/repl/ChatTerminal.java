package dev.flexgen.chat.repl;

import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Terminal;

/**
 * The terminal for as long as a chat lasts, from before its model is opened: its modes, its keyboard, and the way to the shell
 * and back. Closing gives the terminal back as it was. Owned by the chat's thread.
 */
public final class ChatTerminal implements AutoCloseable {

    private final Terminal terminal;
    private final Runnable stop;
    private final TerminalGuard guard;
    private final TypedAhead typed = new TypedAhead();
    private volatile Runnable onInterrupt = () -> {};

    /**
     * Borrows it.
     *
     * @param terminal the caller's, who closes it after this
     * @param before what was typed before, for the first prompt
     */
    public ChatTerminal(Terminal terminal, String before) {
        this(terminal, new ShellJob(terminal)::stop);
        typed.add(before);
    }

    /** @param stop stops the process and returns when it goes on */
    ChatTerminal(Terminal terminal, Runnable stop) {
        this.terminal = terminal;
        this.stop = stop;
        guard = new TerminalGuard(terminal, () -> onInterrupt.run());
    }

    /** Somebody listens to the keyboard, until this ends. */
    @FunctionalInterface
    public interface Listening extends AutoCloseable {

        /** More than once does no harm. */
        void end();

        @Override
        default void close() {
            end();
        }
    }

    /**
     * Listens to the keyboard while there is no prompt, and keeps what is typed for the next one.
     *
     * @param action what Ctrl-C does, on a thread of the terminal's
     */
    Listening listen(Runnable action) {
        return listen(action, () -> {}, () -> {});
    }

    /**
     * The same where something is on the screen that the shell must not find there.
     *
     * @param leave takes it away before Ctrl-Z stops the program; {@code comeBack} may show it again
     */
    public Listening listen(Runnable action, Runnable leave, Runnable comeBack) {
        Runnable suspend = () -> {
            leave.run();
            try {
                suspend();
            } finally {
                comeBack.run();
            }
        };
        return listen(new KeyListener.Actions(action, suspend, () -> "", false));
    }

    /** The same with keys that do more. */
    Listening listen(KeyListener.Actions actions) {
        onInterrupt = actions.onInterrupt();
        if (guard.isDumb()) {
            return () -> onInterrupt = () -> {}; // its keys wait in the system until a line is complete
        }
        guard.bracketPastes();
        var listener = new KeyListener(this, typed, actions, System::nanoTime);
        return () -> {
            listener.close();
            onInterrupt = () -> {};
        };
    }

    Terminal terminal() {
        return terminal;
    }

    boolean isDumb() {
        return guard.isDumb();
    }

    /** The key that stands for {@code which}; -1 if none does, and for a terminal whose keys the system reads. */
    int key(ControlChar which) {
        return guard.isDumb() ? -1 : guard.key(which);
    }

    /** What was typed since the last prompt. */
    TypedAhead typed() {
        return typed;
    }

    /** Gives the terminal to the shell until that gives it back. */
    void suspend() {
        guard.leave();
        stop.run();
        guard.enter();
    }

    /** Gives the terminal to another program until {@link #enter()}. */
    void leave() {
        guard.leave();
    }

    /** Sets the chat's modes again, in case somebody else had the terminal. */
    void enter() {
        guard.enter();
    }

    /** Gives it back as it was; more than once does no harm. */
    public void giveBack() {
        guard.close();
    }

    @Override
    public void close() {
        giveBack();
    }
}
