package dev.flexgen.engine.store;

import com.google.gson.JsonObject;
import dev.flexgen.engine.quant.Encoding;

/**
 * The first line of a manifest: what was packed, and how.
 *
 * @param model what to call it
 */
public record PackHeader(String model, Encoding encoding, SourceIdentity source) {

    /** Counts changes of the layout of rows and files, of which parts are encoded how, and of the choice of scales. */
    static final int VERSION = 1;

    private static final String FORMAT = "flexgen-chat packed model";

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("format", FORMAT);
        json.addProperty("version", VERSION);
        json.addProperty("model", model);
        json.addProperty("encoding", encoding.name());
        json.add("source", source.toJson());
        return json;
    }

    /** @throws RuntimeException if it is of another format or version */
    static PackHeader of(JsonObject json) {
        if (!json.get("format").getAsString().equals(FORMAT)
                || json.get("version").getAsInt() != VERSION) {
            throw new IllegalArgumentException("another format: " + json);
        }
        return new PackHeader(
                json.get("model").getAsString(),
                PackedTensor.encoding(json.get("encoding").getAsString()),
                SourceIdentity.of(json.getAsJsonArray("source")));
    }
}
