package dev.flexgen.engine.plan;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.flexgen.engine.base.EngineException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** One object of a plan file, whose every complaint names file, place and key. */
final class PlanObject {

    private final JsonObject json;
    private final String source;
    private final String place;

    /** @param place within the file, for messages */
    PlanObject(JsonElement json, String source, String place) {
        this.source = source;
        this.place = place;
        if (!json.isJsonObject()) {
            throw wrong(place + " is not an object");
        }
        this.json = json.getAsJsonObject();
    }

    private EngineException wrong(String what) {
        return EngineException.input(source + ": " + what + "; correct it");
    }

    void allow(Set<String> keys) {
        for (String key : json.keySet()) {
            if (!keys.contains(key)) {
                throw wrong(place + " has an unknown key \"" + key + "\"; known are "
                        + keys.stream().sorted().toList());
            }
        }
    }

    boolean has(String key) {
        return json.has(key);
    }

    int number(String key) {
        if (json.get(key) instanceof JsonPrimitive primitive && primitive.isNumber()) {
            double value = primitive.getAsDouble();
            if (value == Math.rint(value) && value >= 0 && value <= Integer.MAX_VALUE) {
                return (int) value;
            }
        }
        throw wrong(place + " needs a whole number \"" + key + "\"");
    }

    <E extends Enum<E>> E constant(String key, Class<E> type) {
        E[] constants = type.getEnumConstants();
        if (json.get(key) instanceof JsonPrimitive primitive && primitive.isString()) {
            for (E constant : constants) {
                if (constant.name().toLowerCase(Locale.ROOT).equals(primitive.getAsString())) {
                    return constant;
                }
            }
        }
        throw wrong(place + " needs \"" + key + "\" to be one of "
                + Arrays.stream(constants)
                        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining(", ")));
    }

    List<PlanObject> list(String key) {
        JsonElement list = json.get(key);
        if (list == null || !list.isJsonArray()) {
            throw wrong(place + " needs a list \"" + key + "\"");
        }
        List<PlanObject> objects = new ArrayList<>();
        for (JsonElement element : list.getAsJsonArray()) {
            objects.add(new PlanObject(element, source, place + ", " + key + " " + objects.size()));
        }
        return objects;
    }
}
