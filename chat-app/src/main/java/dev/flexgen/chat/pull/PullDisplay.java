package dev.flexgen.chat.pull;

/** Where a download is shown to people. Called by one thread. */
public interface PullDisplay {

    /** Shows nothing. */
    PullDisplay NONE = new PullDisplay() {
        @Override
        public void show(PullState state) {}

        @Override
        public void end(PullState state) {}
    };

    /** How far it is; called a few times a second. */
    void show(PullState state);

    /** How far it got; called once, and nothing after it. */
    void end(PullState state);
}
