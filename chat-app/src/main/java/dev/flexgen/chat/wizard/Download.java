package dev.flexgen.chat.wizard;

import dev.flexgen.chat.pull.PullState;

/**
 * The download as the wizard shows it.
 *
 * @param failure a sentence; empty unless it failed
 */
public record Download(Phase phase, PullState progress, String failure) {

    /** How it stands. */
    public enum Phase {
        NONE,
        RUNNING,
        /** It goes on while the user is asked whether it should. */
        ASKING,
        STOPPING,
        STOPPED,
        FAILED
    }

    static final Download NONE = new Download(Phase.NONE, PullState.asking(""), "");

    static Download begin(String model) {
        return new Download(Phase.RUNNING, PullState.asking(model), "");
    }

    Download to(Phase next) {
        return new Download(next, progress, "");
    }

    Download moved(PullState state) {
        return new Download(phase, state, failure);
    }

    Download failed(String sentence) {
        return new Download(Phase.FAILED, progress, sentence);
    }

    boolean running() {
        return phase == Phase.RUNNING || phase == Phase.ASKING || phase == Phase.STOPPING;
    }
}
