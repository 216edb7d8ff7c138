package dev.flexgen.chat.prompt;

/** The part of a reply in which some models think before they answer, between {@code <think>} and {@code </think>}. */
public final class Thoughts {

    private static final String BEGIN = "<think>";
    private static final String END = "</think>";

    private Thoughts() {}

    /** The answer alone: templates leave thoughts out of earlier turns. Thoughts that do not end are all there is, and stay. */
    public static String without(String reply) {
        int end = reply.lastIndexOf(END);
        return end < 0 ? reply : reply.substring(end + END.length()).strip();
    }

    /** Whether there are any that have ended. */
    public static boolean areIn(String reply) {
        return reply.contains(END);
    }

    /** Whether a reply begins with thoughts. */
    static boolean begin(String reply) {
        return reply.stripLeading().startsWith(BEGIN);
    }
}
