package dev.flexgen.chat.sessions;

import com.google.gson.JsonObject;
import dev.flexgen.chat.dialogue.ReplyEnd;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;

/** The lines of a session's file, each a JSON object without a line end. */
final class SessionLines {

    /** Of the format; a file with a later one is not touched. */
    static final int VERSION = 1;

    static final String MARK = "flexgen-session";
    static final String AT = "at";
    static final String MODEL = "model";
    static final String SYSTEM = "system";
    static final String SETTINGS = "settings";
    static final String MESSAGE = "message";
    static final String REPLY = "reply";
    static final String END = "end";
    static final String KEEP = "keep";

    private final Clock clock;

    SessionLines(Clock clock) {
        this.clock = clock;
    }

    /** The first line. */
    String head(String model, String systemText, Map<String, String> settings) {
        var line = new JsonObject();
        line.addProperty(MARK, VERSION);
        line.addProperty(AT, now());
        line.addProperty(MODEL, model);
        line.addProperty(SYSTEM, systemText);
        var chosen = new JsonObject();
        settings.forEach(chosen::addProperty);
        line.add(SETTINGS, chosen);
        return line.toString();
    }

    /** The user has sent a message. */
    String message(String text) {
        return line(MESSAGE, text);
    }

    /** The last message has this reply, instead of one that it may have had. */
    String reply(String text, ReplyEnd end) {
        var line = new JsonObject();
        line.addProperty(AT, now());
        line.addProperty(REPLY, text);
        line.addProperty(END, end.name().toLowerCase(Locale.ROOT));
        return line.toString();
    }

    /** Only the first turns are left. */
    String keep(int turns) {
        var line = new JsonObject();
        line.addProperty(AT, now());
        line.addProperty(KEEP, turns);
        return line.toString();
    }

    /** What the model is told before the conversation is another text. */
    String system(String text) {
        return line(SYSTEM, text);
    }

    /** Another model goes on. */
    String model(String name) {
        return line(MODEL, name);
    }

    private String line(String key, String value) {
        var line = new JsonObject();
        line.addProperty(AT, now());
        line.addProperty(key, value);
        return line.toString();
    }

    private String now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
