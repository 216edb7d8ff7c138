package dev.flexgen.chat.prompt;

/** The part of a reply in which some models think before they answer, between {@code <think>} and {@code </think>}. */
public final class Thoughts {

    /** The mark before them. */
    public static final String BEGIN = "<think>";

    /** The mark behind them. */
    public static final String END = "</think>";

    private Thoughts() {}

    /** The answer alone: templates leave thoughts out of earlier turns. Thoughts that do not end are all there is, and stay. */
    public static String without(String reply) {
        int end = reply.lastIndexOf(END);
        return end < 0 ? reply : reply.substring(end + END.length()).strip();
    }

    /**
     * Those of a reply, without their marks; empty if it has none.
     *
     * @param opened as for {@link #areOpen}
     */
    public static String of(String reply, boolean opened) {
        int end = reply.lastIndexOf(END);
        if (end < 0 && !areOpen(reply, opened)) {
            return "";
        }
        String thoughts = (end < 0 ? reply : reply.substring(0, end)).strip();
        return thoughts.startsWith(BEGIN) ? thoughts.substring(BEGIN.length()).strip() : thoughts;
    }

    /** Whether there are any that have ended. */
    public static boolean areIn(String reply) {
        return reply.contains(END);
    }

    /**
     * Whether what follows a part of a reply is still thought.
     *
     * @param opened whether the prompt has opened them, so that no mark of theirs begins the reply
     */
    public static boolean areOpen(String reply, boolean opened) {
        return !areIn(reply) && (opened || reply.stripLeading().startsWith(BEGIN));
    }
}
