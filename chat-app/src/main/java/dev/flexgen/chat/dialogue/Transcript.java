package dev.flexgen.chat.dialogue;

import java.util.List;

/**
 * A conversation as text, for whoever keeps or shows it.
 *
 * @param systemText what the user told the model before it; may be empty
 * @param exchanges all turns, also those that the model does not see any more
 */
public record Transcript(String systemText, List<Exchange> exchanges) {

    /** One message and its reply. */
    public record Exchange(String message, String reply, ReplyEnd end) {}

    public Transcript {
        exchanges = List.copyOf(exchanges);
    }
}
