package dev.flexgen.engine;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** What transformers computed in float64 for a golden model: the contents of its {@code expected.json}. */
public record Expected(List<Prompt> prompts, int[] scoredIds, double[] logProbabilities) {

    /** A prompt, logits behind some of its positions, and its greedy continuation. */
    public record Prompt(String name, int[] ids, int[] positions, double[][] logits, int[] greedy) {}

    public static Expected of(String model) {
        Path own = Fixtures.golden(model).resolve("expected.json");
        Path file = Files.exists(own)
                ? own
                : Fixtures.golden(model.replaceAll("-(bin-sharded|bin|sharded)(?=-|$)", ""))
                        .resolve("expected.json");
        try {
            JsonObject root = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            List<Prompt> prompts = new ArrayList<>();
            root.getAsJsonArray("prompts").forEach(prompt -> prompts.add(prompt(prompt.getAsJsonObject())));
            JsonObject scored = root.getAsJsonObject("logprobs");
            return new Expected(prompts, ints(scored, "input_ids"), doubles(scored.getAsJsonArray("logprobs")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Prompt prompt(JsonObject prompt) {
        JsonObject logits = prompt.getAsJsonObject("logits");
        double[][] values = IntStream.range(0, logits.getAsJsonArray("values").size())
                .mapToObj(i -> doubles(logits.getAsJsonArray("values").get(i).getAsJsonArray()))
                .toArray(double[][]::new);
        return new Prompt(
                prompt.get("name").getAsString(),
                ints(prompt, "input_ids"),
                ints(logits, "positions"),
                values,
                ints(prompt.getAsJsonObject("greedy"), "tokens"));
    }

    private static int[] ints(JsonObject object, String key) {
        JsonArray array = object.getAsJsonArray(key);
        return IntStream.range(0, array.size())
                .map(i -> array.get(i).getAsInt())
                .toArray();
    }

    private static double[] doubles(JsonArray array) {
        return IntStream.range(0, array.size())
                .mapToDouble(i -> array.get(i).getAsDouble())
                .toArray();
    }
}
