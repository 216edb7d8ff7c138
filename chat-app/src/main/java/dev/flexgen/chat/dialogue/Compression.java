package dev.flexgen.chat.dialogue;

/**
 * How old turns are summed up.
 *
 * @param kept how many of the last turns stay as they are
 * @param options of the summary
 */
public record Compression(int kept, ReplyOptions options) {

    /** What the model is asked, and what its summary stands behind from then on. */
    static final String REQUEST = "Please sum up our conversation so far in a few sentences.";

    /** Whether a turn is what was made of this summary. */
    public static boolean stands(Turn turn, Reply summary) {
        return turn.message().equals(REQUEST) && turn.reply().equals(summary.text());
    }
}
