package dev.flexgen.chat.prompt;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The chat template in a model's folder: {@code chat_template.jinja}, or what {@code tokenizer_config.json} has. It formats
 * conversations of made-up words once, and what it puts between them becomes the layout of all others. So what people say never passes
 * through it, and cannot be taken for its special tokens.
 */
public final class ChatTemplate {

    private static final long MOST_BYTES = 1 << 20;
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SYSTEM = "Qsystemwordq";
    private static final String FIRST = "Qfirstwordq";
    private static final String REPLY = "Qreplywordq";
    private static final String SECOND = "Qsecondwordq";

    private final TemplateRenderer renderer;
    private final Map<String, Object> tokens;

    private ChatTemplate(String source, Map<String, Object> tokens) {
        this.renderer = new TemplateRenderer(source);
        this.tokens = tokens;
    }

    /**
     * The layout that the folder's template gives; empty without a template.
     *
     * @throws IllegalArgumentException if it gives none, with the reason as half a sentence
     */
    public static Optional<PromptFormat> in(Path folder) {
        JsonObject config = config(folder);
        return source(folder, config).map(it -> PromptFormat.of(layout(it, tokens(config))));
    }

    /** Of a template that is in no file. */
    static TemplateLayout layout(String source, Map<String, Object> tokens) {
        try {
            return new ChatTemplate(source, tokens).layout();
        } catch (StackOverflowError | LinkageError e) {
            throw new IllegalArgumentException("it is nested too deeply or needs what is not here", e);
        }
    }

    private static JsonObject config(Path folder) {
        try {
            String text = text(folder.resolve(CONFIG)).orElse("{}");
            return JsonParser.parseString(text) instanceof JsonObject object ? object : new JsonObject();
        } catch (JsonParseException e) {
            throw new IllegalArgumentException(CONFIG + " is not valid JSON", e);
        }
    }

    private static Optional<String> source(Path folder, JsonObject config) {
        Optional<String> file = text(folder.resolve("chat_template.jinja"));
        if (file.isPresent()) {
            return file;
        }
        JsonElement value = config.get("chat_template");
        if (value instanceof JsonArray list) {
            for (JsonElement each : list) {
                if (each instanceof JsonObject named && text(named.get("name")).equals("default")) {
                    value = named.get("template");
                }
            }
        }
        String text = text(value);
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private static Optional<String> text(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            if (Files.size(file) > MOST_BYTES) {
                throw new IllegalArgumentException(file.getFileName() + " is larger than any template");
            }
            return Optional.of(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(file.getFileName() + " cannot be read", e);
        }
    }

    private static String text(JsonElement value) {
        return value instanceof JsonPrimitive primitive && primitive.isString() ? primitive.getAsString() : "";
    }

    /** {@code bos_token} and its like, as texts; older files have objects in their place. */
    private static Map<String, Object> tokens(JsonObject config) {
        Map<String, Object> tokens = new HashMap<>();
        for (String key : List.of("bos_token", "eos_token", "pad_token", "unk_token")) {
            JsonElement value = config.get(key);
            String text = value instanceof JsonObject object ? text(object.get("content")) : text(value);
            tokens.put(key, text);
        }
        return tokens;
    }

    private TemplateLayout layout() {
        String one = render(List.of(user(FIRST)));
        String opening = before(one, FIRST);
        String beforeReply = after(one, FIRST);
        String two = render(List.of(user(FIRST), message("assistant", REPLY), user(SECOND)));
        String betweenTurns = before(after(two, REPLY), SECOND);
        if (!before(two, FIRST).equals(opening) || !after(two, SECOND).equals(beforeReply)) {
            throw new IllegalArgumentException("it writes the same message in several ways");
        }
        Optional<String> withSystem = withSystem();
        if (withSystem.isEmpty()) {
            return new TemplateLayout(opening, opening, "\n\n", betweenTurns, beforeReply);
        }
        return new TemplateLayout(
                opening,
                before(withSystem.get(), SYSTEM),
                before(after(withSystem.get(), SYSTEM), FIRST),
                betweenTurns,
                beforeReply);
    }

    /** Some templates know no system text: it stands before the first message then. */
    private Optional<String> withSystem() {
        try {
            String text = render(List.of(message("system", SYSTEM), user(FIRST)));
            int system = text.indexOf(SYSTEM);
            return system >= 0 && text.indexOf(FIRST) > system ? Optional.of(text) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Map<String, Object> user(String text) {
        return message("user", text);
    }

    private static Map<String, Object> message(String role, String text) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", new TemplateText(text));
        return message;
    }

    private String render(List<Map<String, Object>> messages) {
        Map<String, Object> variables = new HashMap<>(tokens);
        variables.put("messages", messages);
        variables.put("add_generation_prompt", true);
        return renderer.render(variables);
    }

    private static String before(String text, String word) {
        return text.substring(0, place(text, word));
    }

    private static String after(String text, String word) {
        return text.substring(place(text, word) + word.length());
    }

    private static int place(String text, String word) {
        int at = text.indexOf(word);
        if (at < 0) {
            throw new IllegalArgumentException("it leaves out what is said");
        }
        return at;
    }
}
