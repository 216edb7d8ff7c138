package dev.flexgen.config;

import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonToken;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How a kind of value is written and which values are allowed.
 *
 * @param allowed completes "must be ..."
 * @param jsonForms how it may be written in the settings file
 * @param reader the value of a text, empty if it is not allowed
 */
record ValueType<T>(Class<T> javaType, String allowed, Set<JsonToken> jsonForms, Function<String, Optional<T>> reader) {

    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,19}");
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?");

    static ValueType<String> text() {
        return new ValueType<>(String.class, "text", Set.of(JsonToken.STRING), Optional::of);
    }

    static ValueType<Integer> whole(int least, int most) {
        return new ValueType<>(
                Integer.class,
                "a whole number from " + least + " to " + most,
                Set.of(JsonToken.NUMBER),
                text -> wholeNumber(text)
                        .filter(value -> value >= least && value <= most)
                        .map(Math::toIntExact));
    }

    static ValueType<Double> decimal(DecimalRange range) {
        return new ValueType<>(
                Double.class,
                "a number " + range,
                Set.of(JsonToken.NUMBER),
                text -> decimalNumber(text).filter(range::contains));
    }

    static ValueType<Boolean> toggle() {
        return new ValueType<>(Boolean.class, "true or false", Set.of(JsonToken.BOOLEAN), ValueType::truth);
    }

    /** Which GPUs compute. */
    static ValueType<GpuChoice> gpus() {
        return new ValueType<>(
                GpuChoice.class,
                "first, all, or numbers of GPUs such as 0,1, each once",
                Set.of(JsonToken.STRING, JsonToken.NUMBER),
                GpuChoice::parse);
    }

    /** A number of bytes with a unit, or {@code auto}, which is 0 here. */
    static ValueType<Long> size() {
        return new ValueType<>(
                Long.class,
                "a size such as 16GiB, or auto",
                Set.of(JsonToken.STRING, JsonToken.NUMBER),
                text -> text.equalsIgnoreCase("auto") ? Optional.of(0L) : bytes(text));
    }

    /** {@code off}, where a number of bytes can be that. */
    static final long OFF = -1;

    /** The same, or {@code off}. */
    static ValueType<Long> sizeOrOff() {
        return new ValueType<>(
                Long.class,
                "a size such as 16GiB, auto or off",
                Set.of(JsonToken.STRING, JsonToken.NUMBER),
                text -> text.equalsIgnoreCase("off")
                        ? Optional.of(OFF)
                        : size().reader().apply(text));
    }

    private static Optional<Long> bytes(String text) {
        try {
            return Optional.of(Bytes.parse(text)).filter(value -> value > 0);
        } catch (ConfigException e) {
            return Optional.empty(); // whoever asked says what is allowed, and where the text comes from
        }
    }

    /** A seed: a number that makes runs repeat, or {@code random}, which is empty here. */
    static ValueType<OptionalLong> seed() {
        return new ValueType<>(
                OptionalLong.class,
                "a whole number or random",
                Set.of(JsonToken.NUMBER, JsonToken.STRING),
                text -> text.equalsIgnoreCase("random")
                        ? Optional.of(OptionalLong.empty())
                        : wholeNumber(text).map(OptionalLong::of));
    }

    /** How an allowed text is written in the settings file: as a number or truth value where that is possible. */
    JsonPrimitive json(String text) {
        if (jsonForms.contains(JsonToken.BOOLEAN)) {
            return new JsonPrimitive(truth(text).orElseThrow());
        }
        return jsonForms.contains(JsonToken.NUMBER) && DECIMAL.matcher(text).matches()
                ? new JsonPrimitive(new BigDecimal(text))
                : new JsonPrimitive(text);
    }

    /** The words to choose from; empty for a type with more values than one lists. */
    List<String> choices() {
        if (javaType == Boolean.class) {
            return List.of("true", "false");
        }
        return javaType.isEnum()
                ? Arrays.stream(javaType.getEnumConstants())
                        .map(constant -> word((Enum<?>) constant))
                        .toList()
                : List.of();
    }

    static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
        E[] constants = type.getEnumConstants();
        String words = Arrays.stream(constants).map(ValueType::word).collect(Collectors.joining(", ", "one of ", ""));
        return new ValueType<>(
                type,
                words,
                Set.of(JsonToken.STRING),
                text -> Arrays.stream(constants)
                        .filter(constant -> word(constant).equalsIgnoreCase(text))
                        .findFirst());
    }

    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Optional<Long> wholeNumber(String text) {
        try {
            return WHOLE.matcher(text).matches() ? Optional.of(Long.parseLong(text)) : Optional.empty();
        } catch (NumberFormatException e) {
            // Nineteen digits may still be more than a long holds.
            return Optional.empty();
        }
    }

    private static Optional<Double> decimalNumber(String text) {
        // Double.parseDouble alone would also take NaN, Infinity, 1f and 0x1p3.
        return DECIMAL.matcher(text).matches() ? Optional.of(Double.parseDouble(text)) : Optional.empty();
    }

    private static Optional<Boolean> truth(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "1", "yes", "on" -> Optional.of(true);
            case "false", "0", "no", "off" -> Optional.of(false);
            default -> Optional.empty();
        };
    }
}
