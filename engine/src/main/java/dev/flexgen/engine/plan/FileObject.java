package dev.flexgen.engine.plan;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.flexgen.config.Quoted;
import dev.flexgen.engine.base.EngineException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** One object of a file of plans or machines, whose every complaint names file, place and key. */
final class FileObject {

    private final JsonObject json;
    private final String source;
    private final String place;

    /** @param place within the file, for messages */
    FileObject(JsonElement json, String source, String place) {
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
                throw wrong(place + " has an unknown key " + Quoted.of(key) + "; known are "
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

    /** A number between two that make sense for it. */
    double number(String key, double least, double most) {
        if (json.get(key) instanceof JsonPrimitive primitive && primitive.isNumber()) {
            return checked(key, primitive.getAsDouble(), least, most);
        }
        throw wrong(place + " needs a number \"" + key + "\"");
    }

    private double checked(String key, double value, double least, double most) {
        if (value >= least && value <= most) {
            return value;
        }
        throw wrong(String.format(
                Locale.ROOT, "\"%s\" in %s is %s; it must be from %.3g to %.3g", key, place, value, least, most));
    }

    String text(String key) {
        if (json.get(key) instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw wrong(place + " needs a text \"" + key + "\"");
    }

    FileObject object(String key) {
        JsonElement value = json.get(key);
        if (value == null || !value.isJsonObject()) {
            throw wrong(place + " needs an object \"" + key + "\"");
        }
        return new FileObject(value, source, key + " of " + place);
    }

    Set<String> keys() {
        return json.keySet();
    }

    /** What was measured for each of some numbers, such as {@code {"1": 1.5e9, "4": 2e9}}; at least one. */
    SortedMap<Integer, Double> measured(String key, double least, double most) {
        FileObject values = object(key);
        SortedMap<Integer, Double> measured = new TreeMap<>();
        for (String name : values.keys()) {
            if (!name.matches("[1-9]\\d{0,5}")) {
                throw wrong(Quoted.of(name) + " in " + values.place + " must be a whole number from 1 on");
            }
            measured.put(Integer.valueOf(name), values.number(name, least, most));
        }
        if (measured.isEmpty()) {
            throw wrong(values.place + " is empty");
        }
        return measured;
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

    Set<String> texts(String key) {
        Set<String> texts = new TreeSet<>();
        if (json.get(key) instanceof JsonArray array) {
            for (JsonElement element : array) {
                if (element instanceof JsonPrimitive primitive && primitive.isString()) {
                    texts.add(primitive.getAsString());
                    continue;
                }
                throw wrong(place + " needs texts only in \"" + key + "\"");
            }
            return texts;
        }
        throw wrong(place + " needs a list \"" + key + "\"");
    }

    List<FileObject> list(String key) {
        JsonElement list = json.get(key);
        if (list == null || !list.isJsonArray()) {
            throw wrong(place + " needs a list \"" + key + "\"");
        }
        List<FileObject> objects = new ArrayList<>();
        for (JsonElement element : list.getAsJsonArray()) {
            objects.add(new FileObject(element, source, place + ", " + key + " " + objects.size()));
        }
        return objects;
    }
}
