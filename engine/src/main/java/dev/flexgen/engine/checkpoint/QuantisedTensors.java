package dev.flexgen.engine.checkpoint;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Recognises weights that other programs quantised, by the names of the tensors that they put beside or in place of one. */
public final class QuantisedTensors {

    /** Endings of names, the most telling first. */
    private static final Map<String, String> METHODS = Map.ofEntries(
            Map.entry(".g_idx", "GPTQ"),
            Map.entry(".qweight", "GPTQ or AWQ"),
            Map.entry(".SCB", "bitsandbytes (INT8)"),
            Map.entry(".weight.SCB", "bitsandbytes (INT8)"),
            Map.entry(".weight.absmax", "bitsandbytes (4 bits)"),
            Map.entry(".weight.quant_map", "bitsandbytes (4 bits)"),
            Map.entry(".weight_packed", "compressed-tensors"),
            Map.entry(".weight_scale", "FP8 or INT8 with scales"),
            Map.entry(".weight_scale_inv", "FP8 with scales"),
            Map.entry(".weight_scales", "EETQ (INT8)"),
            Map.entry(".weight._data", "quanto"),
            Map.entry(".W_q", "HQQ"),
            Map.entry(".codebooks", "AQLM"),
            Map.entry(".Qidxs", "QuIP#"),
            Map.entry(".q_weight", "EXL2"),
            Map.entry(".trellis", "EXL3"));

    private QuantisedTensors() {}

    /**
     * By what the weight of a part was quantised.
     *
     * @param stem the weight's name without {@code .weight}
     */
    public static Optional<String> method(Set<String> names, String stem) {
        if (names.contains(stem + ".g_idx")) {
            return Optional.of("GPTQ");
        }
        return METHODS.entrySet().stream()
                .filter(method -> names.contains(stem + method.getKey()))
                .map(Map.Entry::getValue)
                .sorted()
                .findFirst();
    }
}
