package dev.flexgen.chat.cli;

/** Takes what a command makes of its prompts; several may be under way at a time. One thread. */
interface Results {

    /** A prompt is taken up, in the order of the prompts. */
    void begin(int index);

    /** More of its result. */
    void print(int index, String text);

    /**
     * That was all of it.
     *
     * @param end how it ended
     */
    void finish(int index, End end);

    /** How the work on a prompt ended. */
    enum End {
        /** With its result. */
        DONE,
        /** With a sentence that says why there is none. */
        FAILED,
        /** In the middle: the command was told to stop. */
        CANCELLED
    }
}
