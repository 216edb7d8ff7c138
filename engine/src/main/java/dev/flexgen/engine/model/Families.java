package dev.flexgen.engine.model;

import dev.flexgen.config.Quoted;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The families that can be run. */
public final class Families {

    private static final List<Family> ALL = List.of(
            new Opt(),
            new Bloom(),
            new CodeGen(),
            new Glm(),
            new Glm4Moe(),
            new Llama(),
            new Mistral(),
            new Mixtral(),
            new Qwen2(),
            new Qwen3(),
            new Qwen3Moe());

    /** FlexGen and Alpa wrote their folders of numpy files for OPT alone. */
    private static final List<Family> IN_NUMPY = List.of(new Opt());

    private static final String GENERATION = "generation_config.json";

    private Families() {}

    /** Names of all families, as {@code model_type} spells them. */
    public static List<String> names() {
        return ALL.stream().map(Family::name).toList();
    }

    /**
     * The spec of the model in {@code folder}: as its {@code config.json} says, or of the published model whose numpy files
     * lie there without one.
     *
     * @throws EngineException if its config is missing, damaged or of no known family
     */
    public static ModelSpec read(Path folder) {
        boolean configured = Files.exists(folder.resolve(ConfigJson.FILE), LinkOption.NOFOLLOW_LINKS);
        if (!configured && Checkpoints.hasNumpyFiles(folder)) {
            try (Checkpoint checkpoint = Checkpoints.open(folder)) {
                return PublishedModels.of(checkpoint, IN_NUMPY);
            }
        }
        ConfigJson config = ConfigJson.read(folder);
        String type = config.text("model_type", "");
        if (type.isEmpty()) {
            throw config.invalid("model_type", "is missing");
        }
        Family family = ALL.stream()
                .filter(candidate -> candidate.name().equals(type))
                .findFirst()
                .orElseThrow(() -> unknown(folder, type, config));
        QuantisedConfig.refuse(config);
        return withEndTokens(family.spec(config), folder);
    }

    private static EngineException unknown(Path folder, String type, ConfigJson config) {
        String what = folder + " holds a model of type " + Quoted.of(type);
        String known = "this version runs " + String.join(", ", names());
        if (type.equals("chatglm")) {
            return EngineException.model(
                    what + ", GLM in the form that needs code of its own repository; use the form whose name"
                            + " ends with -hf, such as zai-org/glm-4-9b-chat-hf");
        }
        if (type.equals("glm4")) {
            return EngineException.model(
                    what + " (GLM-4-0414), whose layers have norms that this version does not compute; use"
                            + " zai-org/glm-4-9b-chat-hf or another model; " + known);
        }
        if (config.section("auto_map").isPresent()) {
            return EngineException.model(
                    what + ", which is computed by code in its own repository, and that is not run here; " + known);
        }
        return EngineException.model(what + "; " + known);
    }

    /** What ends a reply is in config.json, in generation_config.json, or partly in both. */
    private static ModelSpec withEndTokens(ModelSpec spec, Path folder) {
        if (!Files.isRegularFile(folder.resolve(GENERATION))) {
            return spec;
        }
        Set<Integer> ids = new TreeSet<>(spec.endTokens());
        ids.addAll(ConfigJson.read(folder, GENERATION).tokens("eos_token_id", List.of()));
        return spec.withEndTokens(ids);
    }

    /** The family that specs call {@code name}. */
    public static Family named(String name) {
        return ALL.stream()
                .filter(family -> family.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no family " + name));
    }
}
