package dev.flexgen.chat.cli;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;

/** A prompt as a JSON object with either {@code "prompt"} (or {@code "text"}) or {@code "ids"}; other keys are ignored. */
final class JsonPrompt {

    private JsonPrompt() {}

    /** @throws IllegalArgumentException with what is wrong, to follow "the line" */
    static Prompt parse(String line) {
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
                throw new IllegalArgumentException("has more than one JSON object");
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new IllegalArgumentException("is not a JSON object with \"prompt\": \"text\" or \"ids\": [2,5,9]", e);
        }
        if (prompts.size() != 1) {
            throw new IllegalArgumentException(
                    "needs either \"prompt\" or \"ids\", and has " + (prompts.isEmpty() ? "neither" : "several"));
        }
        return prompts.getFirst();
    }

    /** Gson would take a number for a text. */
    private static String text(JsonReader json) throws IOException {
        if (json.peek() != JsonToken.STRING) {
            throw new IllegalStateException("no text");
        }
        String text = json.nextString();
        if (text.codePoints().anyMatch(JsonPrompt::isHalfCharacter)) {
            throw new IllegalArgumentException(
                    "has half a character, a \\ud800 to \\udfff without its other half; it is no text");
        }
        return text;
    }

    private static boolean isHalfCharacter(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
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
}
