package dev.flexgen.chat.sessions;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.PlainText;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Sessions as a table: a name first on each line. */
public final class SessionList {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZoneId.systemDefault());

    private SessionList() {}

    /** A line for each name; one that cannot be read has the reason in it. */
    public static String of(List<String> names, Function<String, SavedSession> read) {
        int width = names.stream().mapToInt(String::length).max().orElse(0);
        var list = new StringBuilder();
        for (String name : names) {
            list.append(String.format(Locale.ROOT, "%-" + Math.max(1, width) + "s  ", name))
                    .append(line(name, read))
                    .append('\n');
        }
        return list.toString();
    }

    private static String line(String name, Function<String, SavedSession> read) {
        try {
            SavedSession session = read.apply(name);
            return String.format(
                    Locale.ROOT,
                    "%s  %3d %s  %s  %s",
                    TIME.format(session.updated()),
                    session.exchanges().size(),
                    session.exchanges().size() == 1 ? "turn " : "turns",
                    PlainText.line(session.model()),
                    PlainText.excerpt(PlainText.line(session.title())));
        } catch (CommandException e) {
            return PlainText.line(String.valueOf(e.getMessage()));
        }
    }
}
