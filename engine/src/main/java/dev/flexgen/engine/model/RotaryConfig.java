package dev.flexgen.engine.model;

import dev.flexgen.config.Quoted;
import java.util.Optional;

/**
 * Reads rotary positions from a config: transformers 5 has all of it in {@code rope_parameters}, which wins; earlier files have the
 * base and the share that is turned beside {@code rope_scaling}.
 *
 * @param base where none is stated
 * @param share of a head's numbers that is turned, likewise
 * @param context of the model
 */
record RotaryConfig(ConfigJson config, double base, double share, boolean interleaved, int context) {

    private static final String PARAMETERS = "rope_parameters";
    private static final String SCALING = "rope_scaling";

    Positions.Rotary of(int headDim) {
        Optional<ConfigJson> parameters = config.section(PARAMETERS);
        double theta = number(parameters, "rope_theta", base);
        double part = number(parameters, "partial_rotary_factor", share);
        int dims = (int) (headDim * part);
        if (theta <= 1 || dims < 2 || dims > headDim || dims % 2 != 0) {
            throw config.invalid(
                    PARAMETERS, "turn " + dims + " of the " + headDim + " numbers of a head, with base " + theta);
        }
        RotaryScaling scaling = parameters
                .map(it -> scaling(it, PARAMETERS, dims, theta))
                .orElseGet(() -> config.section(SCALING)
                        .map(it -> scaling(it, SCALING, dims, theta))
                        .orElseGet(RotaryScaling.None::new));
        return new Positions.Rotary(dims, theta, interleaved, scaling);
    }

    private double number(Optional<ConfigJson> parameters, String key, double absent) {
        double outside = config.number(key, absent);
        return parameters.map(it -> it.number(key, outside)).orElse(outside);
    }

    private RotaryScaling scaling(ConfigJson section, String key, int dims, double theta) {
        String type = section.text("rope_type", section.text("type", "default"));
        return switch (type) {
            case "default" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(positive(section, "factor"));
            case "llama3" -> {
                double low = positive(section, "low_freq_factor");
                double high = positive(section, "high_freq_factor");
                if (high <= low) {
                    throw section.invalid("high_freq_factor", "is not above low_freq_factor");
                }
                yield new RotaryScaling.Llama3(
                        positive(section, "factor"), low, high, section.size("original_max_position_embeddings", 8192));
            }
            case "yarn" -> yarn(section, dims, theta);
            default ->
                throw config.refused(
                        key,
                        "stretches rotary positions by " + Quoted.of(type)
                                + ", which this version does not compute (it computes linear, llama3 and yarn); take that section"
                                + " out of config.json to use the model within its first context, or choose another model");
        };
    }

    private RotaryScaling yarn(ConfigJson section, int dims, double theta) {
        double factor = positive(section, "factor");
        int original = section.size("original_max_position_embeddings", context);
        double fast = orDefault(section, "beta_fast", 32);
        double slow = orDefault(section, "beta_slow", 1);
        if (fast < slow) {
            throw section.invalid("beta_fast", "is below beta_slow");
        }
        double one = section.number("mscale", 0);
        double all = section.number("mscale_all_dim", 0);
        double usual = one != 0 && all != 0 ? magnitude(factor, one) / magnitude(factor, all) : magnitude(factor, 1);
        double magnitude = section.number("attention_factor", usual);
        if (!(magnitude > 0)) {
            throw section.invalid("attention_factor", "is not above 0");
        }
        boolean whole = section.flag("truncate", true);
        return RotaryScaling.Yarn.of(dims, theta, factor, original, fast, slow, whole, magnitude);
    }

    private static double magnitude(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    /** transformers takes 0 for absent. */
    private static double orDefault(ConfigJson section, String key, double absent) {
        double value = section.number(key, absent);
        if (value < 0) {
            throw section.invalid(key, "is below 0");
        }
        return value == 0 ? absent : value;
    }

    private static double positive(ConfigJson section, String key) {
        double value = section.number(key, 0);
        if (!(value > 0)) {
            throw section.invalid(key, "is missing or not above 0");
        }
        return value;
    }
}
