package dev.flexgen.chat.sessions;

import dev.flexgen.chat.dialogue.Transcript.Exchange;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A conversation as its file has it.
 *
 * @param model whom it was with, as the user would name it; empty if the file does not say
 * @param systemText what the model was told before it; may be empty
 * @param settings those that the user chose for it, by name
 * @param unanswered the last message, if its reply never came to an end
 * @param updated when the file changed last
 * @param damagedLines how many lines of the file make no sense and were left out
 */
public record SavedSession(
        String name,
        String model,
        String systemText,
        Map<String, String> settings,
        List<Dated> exchanges,
        Optional<String> unanswered,
        Instant updated,
        int damagedLines) {

    /**
     * A message with its reply.
     *
     * @param at when the message was sent, as the file has it; may be empty
     */
    public record Dated(String at, Exchange exchange) {}

    /** The turns without their dates. */
    public List<Exchange> turns() {
        return exchanges.stream().map(Dated::exchange).toList();
    }

    /** Its first message on one line, which tells it from others. */
    public String title() {
        return exchanges.isEmpty()
                ? unanswered.orElse("")
                : exchanges.getFirst().exchange().message();
    }
}
