package dev.flexgen.engine.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.flexgen.config.Quoted;
import java.util.Locale;
import java.util.Optional;

/** Refuses models whose config says that another program quantised their weights. */
final class QuantisedConfig {

    private QuantisedConfig() {}

    /** @throws dev.flexgen.engine.base.EngineException that names the method */
    static void refuse(ConfigJson config) {
        refuse(config, "quantization_config");
        refuse(config, "compression_config");
    }

    private static void refuse(ConfigJson config, String key) {
        config.object(key).flatMap(QuantisedConfig::method).ifPresent(method -> {
            throw config.refused(
                    key,
                    "says that the weights are quantised by " + method
                            + ", which this version does not read; fetch the unquantised model");
        });
    }

    private static Optional<String> method(JsonObject config) {
        boolean eight = flag(config, "load_in_8bit") || flag(config, "_load_in_8bit");
        boolean four = flag(config, "load_in_4bit") || flag(config, "_load_in_4bit");
        String method = text(config, "quant_method")
                .or(() -> text(config, "quant_type"))
                .orElse("");
        return switch (method.toLowerCase(Locale.ROOT)) {
            case "", "bitsandbytes" -> {
                if (eight || four) {
                    yield Optional.of("bitsandbytes (" + (eight ? "INT8" : "4 bits") + ")");
                }
                // bitsandbytes writes its settings even where both are off.
                yield Optional.empty();
            }
            case "gptq", "awq", "fp8", "hqq", "aqlm", "mxfp4", "eetq", "exl2", "exl3", "vptq", "higgs", "spqr" ->
                Optional.of(method.toUpperCase(Locale.ROOT));
            case "fbgemm_fp8" -> Optional.of("FP8 (fbgemm)");
            default -> Optional.of(Quoted.of(method));
        };
    }

    private static boolean flag(JsonObject config, String key) {
        return config.get(key) instanceof JsonPrimitive value && value.isBoolean() && value.getAsBoolean();
    }

    private static Optional<String> text(JsonObject config, String key) {
        JsonElement value = config.get(key);
        return value instanceof JsonPrimitive primitive && primitive.isString()
                ? Optional.of(primitive.getAsString())
                : Optional.empty();
    }
}
