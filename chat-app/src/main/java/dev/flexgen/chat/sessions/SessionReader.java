package dev.flexgen.chat.sessions;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.Transcript.Exchange;
import dev.flexgen.chat.sessions.SavedSession.Dated;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads a session's file, whatever happened to it: what makes no sense is counted and left out. One file. */
final class SessionReader {

    /** Weeks of talking. */
    private static final long MOST_BYTES = 64L << 20;

    private final String name;
    private String model = "";
    private String system = "";
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final List<Dated> exchanges = new ArrayList<>();
    private @Nullable Dated open;
    private int damaged;

    private SessionReader(String name) {
        this.name = name;
    }

    /**
     * The session in a file.
     *
     * @throws CommandException if it is none, cannot be read, or was written by a later version; it is not changed
     */
    static SavedSession read(String name, Path file) {
        try {
            // A link may lead to any file, and lines are added to a session.
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MOST_BYTES) {
                throw CommandException.failure(file + " is no session: expected a file, no link, of at most "
                        + (MOST_BYTES >> 20) + " MiB; move it elsewhere");
            }
            // Bytes that are no UTF-8 read as U+FFFD, and so stay the only thing that is lost.
            byte[] bytes = Files.readAllBytes(file);
            Instant updated = Files.getLastModifiedTime(file).toInstant();
            var reader = new SessionReader(name);
            if (!reader.lines(bytes)) {
                throw CommandException.failure(
                        file + " is no session: no line of it is one of a session's; move it elsewhere");
            }
            return reader.session(updated);
        } catch (IOException e) {
            throw CommandException.failure(
                    "the session '" + name + "' cannot be read (" + e + "); check the permissions of " + file);
        }
    }

    /** Whether any of it is a session's, or it is empty. */
    private boolean lines(byte[] bytes) {
        String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n", -1);
        String[] raw = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1);
        int understood = 0;
        int senseless = 0;
        for (int i = 0; i < lines.length; i++) {
            boolean cutOff = i == lines.length - 1; // a program was killed while it wrote
            if (!lines[i].isBlank() && line(lines[i])) {
                understood++;
            } else if (!lines[i].isBlank() && !cutOff) {
                senseless++;
            }
            // A reply that was stopped within a character has U+FFFD by itself.
            if (!Arrays.equals(
                    lines[i].getBytes(StandardCharsets.UTF_8), raw[i].getBytes(StandardCharsets.ISO_8859_1))) {
                damaged++;
            }
        }
        damaged += senseless;
        return understood > 0 || senseless == 0;
    }

    private SavedSession session(Instant updated) {
        return new SavedSession(
                name,
                model,
                system,
                Map.copyOf(settings),
                List.copyOf(exchanges),
                Optional.ofNullable(open).map(dated -> dated.exchange().message()),
                updated,
                damaged);
    }

    /** Whether it makes sense. What a later writer of this format may add is passed over. */
    private boolean line(String text) {
        try {
            JsonObject line = JsonParser.parseString(text).getAsJsonObject();
            if (line.has(SessionLines.MARK)) {
                head(line);
            } else if (line.has(SessionLines.MESSAGE)) {
                open = new Dated(
                        string(line, SessionLines.AT),
                        new Exchange(string(line, SessionLines.MESSAGE), "", ReplyEnd.STOPPED));
            } else if (line.has(SessionLines.REPLY)) {
                reply(string(line, SessionLines.REPLY), end(string(line, SessionLines.END)));
            } else if (line.has(SessionLines.KEEP)) {
                int keep = Math.clamp(line.get(SessionLines.KEEP).getAsInt(), 0, exchanges.size());
                exchanges.subList(keep, exchanges.size()).clear();
                open = null;
            } else if (line.has(SessionLines.SYSTEM)) {
                system = string(line, SessionLines.SYSTEM);
            } else if (line.has(SessionLines.MODEL)) {
                model = string(line, SessionLines.MODEL);
            }
            return true;
        } catch (JsonParseException | IllegalStateException | NumberFormatException | UnsupportedOperationException e) {
            return false;
        }
    }

    private void head(JsonObject line) {
        int version = line.get(SessionLines.MARK).getAsInt();
        if (version > SessionLines.VERSION) {
            throw CommandException.failure("the session '" + name + "' was written by a newer flexgen-chat (format "
                    + version + ", this one knows " + SessionLines.VERSION
                    + "); update flexgen-chat, or begin another session with --session NAME");
        }
        model = string(line, SessionLines.MODEL);
        system = string(line, SessionLines.SYSTEM);
        if (line.get(SessionLines.SETTINGS) instanceof JsonObject chosen) {
            chosen.entrySet()
                    .forEach(entry ->
                            settings.put(entry.getKey(), entry.getValue().getAsString()));
        }
    }

    private void reply(String text, ReplyEnd end) {
        Dated asked = open != null ? open : exchanges.isEmpty() ? null : exchanges.removeLast();
        if (asked == null) {
            throw new IllegalStateException("a reply to nothing");
        }
        open = null;
        exchanges.add(new Dated(asked.at(), new Exchange(asked.exchange().message(), text, end)));
    }

    private static ReplyEnd end(String word) {
        for (ReplyEnd end : ReplyEnd.values()) {
            if (end.name().equalsIgnoreCase(word)) {
                return end;
            }
        }
        return ReplyEnd.FINISHED;
    }

    private static String string(JsonObject line, String key) {
        JsonElement value = line.get(key);
        return value == null || value.isJsonNull() ? "" : value.getAsString();
    }
}
