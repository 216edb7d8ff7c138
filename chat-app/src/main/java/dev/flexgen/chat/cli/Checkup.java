package dev.flexgen.chat.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.flexgen.config.PlainText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What {@code doctor} found, line by line. */
final class Checkup {

    private final List<Line> lines = new ArrayList<>();
    private Optional<JsonElement> machine = Optional.empty();

    private enum State {
        /** As it should be. */
        OK("ok"),
        /** Works, and could be better. */
        NOTE("note"),
        /** Keeps the program from working. */
        BAD("bad");

        private final String word;

        State(String word) {
            this.word = word;
        }
    }

    private record Line(State state, String name, String text) {}

    void ok(String name, String text) {
        lines.add(new Line(State.OK, name, text));
    }

    /** @param text with what to do */
    void note(String name, String text) {
        lines.add(new Line(State.NOTE, name, text));
    }

    /** @param text with what to do */
    void bad(String name, String text) {
        lines.add(new Line(State.BAD, name, text));
    }

    /** The machine's figures, for programs. */
    void machine(JsonElement figures) {
        machine = Optional.of(figures);
    }

    /** Whether nothing keeps the program from working. */
    boolean isWell() {
        return lines.stream().noneMatch(line -> line.state() == State.BAD);
    }

    String text() {
        StringBuilder text = new StringBuilder();
        for (Line line : lines) {
            text.append(String.format(
                    Locale.ROOT, "%-4s  %-12s %s%n", line.state().word, line.name(), PlainText.line(line.text())));
        }
        return text.toString();
    }

    String json() {
        JsonArray checks = new JsonArray();
        for (Line line : lines) {
            JsonObject check = new JsonObject();
            check.addProperty("name", line.name());
            check.addProperty("state", line.state().word);
            check.addProperty("text", line.text());
            checks.add(check);
        }
        return JsonLine.of(line -> {
            line.put("checks", checks);
            machine.ifPresent(it -> line.put("machine", it));
        });
    }
}
