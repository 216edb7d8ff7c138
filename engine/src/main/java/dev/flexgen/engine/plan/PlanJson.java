package dev.flexgen.engine.plan;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.flexgen.config.JsonPosition;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A plan as text that people read and write. Layers that are alike stand once, with their number:
 *
 * <pre>
 * {"embedding_device": 0, "compute_bound_tokens": 17, "ring_slots": 4,
 *  "layers": [{"count": 48, "home": 0, "heads": [...], "up": [...], "down": [...]}], "head": [...]}
 * </pre>
 *
 * A shard is {@code {"from": 0, "to": 20, "tier": "host", "device": 1, "prefill_device": 0, "access": "resident"}};
 * {@code prefill_device} may be left out where it is {@code device}.
 */
public final class PlanJson {

    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().create();
    /** More layers than any model has. */
    private static final int MOST_LAYERS = 10_000;

    private PlanJson() {}

    /** As an element of a larger report. */
    public static JsonObject toJson(Plan plan) {
        JsonObject json = new JsonObject();
        json.addProperty("embedding_device", plan.embeddingDevice());
        json.addProperty("compute_bound_tokens", plan.computeBoundTokens());
        json.addProperty("ring_slots", plan.ringSlots());
        JsonArray layers = new JsonArray();
        for (int from = 0; from < plan.layers().size(); ) {
            LayerPlan layer = plan.layers().get(from);
            int to = from + 1;
            while (to < plan.layers().size() && plan.layers().get(to).equals(layer)) {
                to++;
            }
            layers.add(layer(layer, to - from));
            from = to;
        }
        json.add("layers", layers);
        json.add("head", shards(plan.head()));
        return json;
    }

    /** As a file of its own. */
    public static String write(Plan plan) {
        return PRETTY.toJson(toJson(plan)) + "\n";
    }

    private static JsonObject layer(LayerPlan layer, int count) {
        JsonObject json = new JsonObject();
        json.addProperty("count", count);
        json.addProperty("home", layer.home());
        json.add("heads", shards(layer.heads()));
        json.add("up", shards(layer.up()));
        json.add("down", shards(layer.down()));
        if (!layer.experts().isEmpty()) {
            json.add("experts", shards(layer.experts()));
            json.addProperty("fetched_share", layer.fetchedShare());
        }
        return json;
    }

    private static JsonArray shards(List<Shard> shards) {
        JsonArray array = new JsonArray();
        for (Shard shard : shards) {
            JsonObject json = new JsonObject();
            json.addProperty("from", shard.from());
            json.addProperty("to", shard.to());
            json.addProperty("tier", name(shard.tier()));
            json.addProperty("device", shard.device());
            json.addProperty("prefill_device", shard.prefillDevice());
            json.addProperty("access", name(shard.access()));
            array.add(json);
        }
        return array;
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a plan.
     *
     * @param source where the text is from, for messages
     * @throws EngineException of kind INPUT that names source, key and what is wrong
     */
    public static Plan read(String text, String source) {
        try {
            JsonElement root = JsonParser.parseString(text);
            return plan(new FileObject(root, source, "the plan"));
        } catch (JsonParseException e) {
            throw EngineException.input(
                    source + " is not valid JSON near " + JsonPosition.of(e) + "; write the plan again", e);
        } catch (IllegalArgumentException e) {
            throw EngineException.input(source + " is no plan: " + e.getMessage() + "; correct it");
        }
    }

    private static Plan plan(FileObject json) {
        json.allow(Set.of("embedding_device", "compute_bound_tokens", "ring_slots", "layers", "head"));
        List<LayerPlan> layers = new ArrayList<>();
        for (FileObject layer : json.list("layers")) {
            layer.allow(Set.of("count", "home", "heads", "up", "down", "experts", "fetched_share"));
            LayerPlan read = new LayerPlan(
                    layer.number("home"),
                    shards(layer, "heads"),
                    shards(layer, "up"),
                    shards(layer, "down"),
                    layer.has("experts") ? shards(layer, "experts") : List.of(),
                    layer.has("fetched_share") ? layer.number("fetched_share", 0, 1) : 0);
            int count = layer.number("count");
            if (count < 1 || layers.size() + (long) count > MOST_LAYERS) {
                throw new IllegalArgumentException("count " + count + " of layers is not possible");
            }
            layers.addAll(Collections.nCopies(count, read));
        }
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("it has no layers");
        }
        return new Plan(
                json.number("embedding_device"),
                layers,
                shards(json, "head"),
                json.number("compute_bound_tokens"),
                json.number("ring_slots"));
    }

    private static List<Shard> shards(FileObject parent, String key) {
        List<Shard> shards = new ArrayList<>();
        for (FileObject json : parent.list(key)) {
            json.allow(Set.of("from", "to", "tier", "device", "prefill_device", "access"));
            int device = json.number("device");
            shards.add(new Shard(
                    json.number("from"),
                    json.number("to"),
                    json.constant("tier", Tier.class),
                    device,
                    json.has("prefill_device") ? json.number("prefill_device") : device,
                    json.constant("access", Access.class)));
        }
        return shards;
    }
}
