package dev.flexgen.chat.cli;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.flexgen.chat.CommandException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Prompts out of a JSON Lines file, one object a line with either {@code "prompt"} (or {@code "text"}) or {@code "ids"};
 * empty lines are passed over, other keys ignored. Read as it is needed, so that a pipe is answered line by line.
 */
final class PromptFile implements AutoCloseable {

    private final String name;
    private final BufferedReader lines;
    private int number;

    /** @param name for messages */
    PromptFile(String name, InputStream stream) {
        this.name = name;
        // A decoder of its own: it reports what is not UTF-8 instead of replacing it.
        this.lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder()));
    }

    /** The next prompt; empty at the end. {@link CommandException} names the line it cannot make sense of. */
    Optional<Prompt> next() {
        try {
            for (String line = readLine(); line != null; line = readLine()) {
                if (!line.isBlank()) {
                    return Optional.of(parse(line));
                }
            }
            return Optional.empty();
        } catch (CharacterCodingException e) {
            number++;
            throw bad("is not UTF-8 text");
        } catch (IOException e) {
            throw CommandException.usage(name + " cannot be read: " + e.getMessage());
        }
    }

    /** Where the prompt returned last stands: {@code line 3 of prompts.jsonl}. */
    String position() {
        return "line " + number + " of " + name;
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw CommandException.usage(name + " cannot be closed: " + e.getMessage());
        }
    }

    private @Nullable String readLine() throws IOException {
        String line = lines.readLine();
        number += line == null ? 0 : 1;
        return line;
    }

    private Prompt parse(String line) {
        List<Prompt> prompts = new ArrayList<>();
        try (JsonReader json = new JsonReader(new StringReader(line))) {
            json.setStrictness(Strictness.STRICT);
            json.beginObject();
            while (json.hasNext()) {
                switch (json.nextName()) {
                    case "prompt", "text" -> prompts.add(new Prompt.Text(text(json)));
                    case "ids" -> prompts.add(new Prompt.Ids(ids(json)));
                    default -> json.skipValue();
                }
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw bad("has more than one JSON object");
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw bad("is not a JSON object with \"prompt\": \"text\" or \"ids\": [2,5,9]");
        }
        if (prompts.size() != 1) {
            throw bad("needs either \"prompt\" or \"ids\", and has " + (prompts.isEmpty() ? "neither" : "several"));
        }
        return prompts.getFirst();
    }

    /** Gson would take a number for a text. */
    private static String text(JsonReader json) throws IOException {
        if (json.peek() != JsonToken.STRING) {
            throw new IllegalStateException("no text");
        }
        return json.nextString();
    }

    private static List<Integer> ids(JsonReader json) throws IOException {
        List<Integer> ids = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            if (json.peek() != JsonToken.NUMBER) {
                throw new IllegalStateException("no number");
            }
            ids.add(json.nextInt());
        }
        json.endArray();
        return ids;
    }

    private CommandException bad(String what) {
        return CommandException.usage(position() + " " + what);
    }
}
