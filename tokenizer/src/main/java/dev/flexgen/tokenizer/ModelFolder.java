package dev.flexgen.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.flexgen.config.JsonPosition;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads the small text files of a model folder, bounded and with errors that name the file. */
record ModelFolder(Path path) {

    static final String TOKENIZER = "tokenizer.json";
    static final String VOCABULARY = "vocab.json";
    static final String MERGES = "merges.txt";
    static final String ADDED_TOKENS = "added_tokens.json";
    static final String SPECIAL_TOKENS = "special_tokens_map.json";
    static final String TOKENIZER_CONFIG = "tokenizer_config.json";
    static final String MODEL_CONFIG = "config.json";

    /** The largest public tokenizer.json has 33 MB; more than this is another kind of file. */
    private static final long LARGEST_FILE_BYTES = 96L << 20;

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    boolean has(String name) {
        return Files.isRegularFile(path.resolve(name));
    }

    /** The file as error messages call it. */
    String describe(String name) {
        return path.resolve(name).toString();
    }

    /** The file's text, without the mark that some editors put in front of it. */
    String read(String name) {
        Path file = path.resolve(name);
        try {
            if (Files.size(file) > LARGEST_FILE_BYTES) {
                throw new TokenizerException(
                        file + " is larger than any tokenizer file (96 MiB): fetch the file again.");
            }
            String text = Files.readString(file);
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
        } catch (CharacterCodingException e) {
            throw new TokenizerException(file + " is not UTF-8 text: fetch the file again.", e);
        } catch (IOException e) {
            throw new TokenizerException("Cannot read " + file + " (" + e + "): check that it is readable.", e);
        }
    }

    /** The file's JSON object; an empty one if there is no such file. */
    JsonObject object(String name) {
        if (!has(name)) {
            return new JsonObject();
        }
        try {
            if (JsonParser.parseString(read(name)) instanceof JsonObject object) {
                return object;
            }
        } catch (JsonParseException e) {
            throw new TokenizerException(
                    describe(name) + " is not valid JSON near " + JsonPosition.of(e) + ": fetch the file again.", e);
        }
        throw new TokenizerException(describe(name) + " is not a JSON object: fetch the file again.");
    }

    /** A token setting, which is written as the token itself or as an object with its content. */
    static Optional<String> token(JsonObject object, String key) {
        JsonElement value = object.get(key);
        if (value instanceof JsonObject token) {
            value = token.get("content");
        }
        return value instanceof JsonPrimitive text && text.isString()
                ? Optional.of(text.getAsString())
                : Optional.empty();
    }

    /** A token's id; nothing if there is none, if it is a list, or if no token has such a number. */
    static OptionalInt id(JsonObject object, String key) {
        if (object.get(key) instanceof JsonPrimitive number && number.isNumber()) {
            double id = number.getAsDouble();
            if (id == Math.rint(id) && id >= 0 && id <= JsonScanner.LARGEST_ID) {
                return OptionalInt.of((int) id);
            }
        }
        return OptionalInt.empty();
    }

    /** A switch; off unless the file says {@code true}. */
    static boolean isOn(JsonObject object, String key) {
        return object.get(key) instanceof JsonPrimitive flag && flag.isBoolean() && flag.getAsBoolean();
    }

    static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
