package dev.flexgen.engine.model;

import dev.flexgen.config.Quoted;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** The families that can be run. */
public final class Families {

    private static final List<Family> ALL = List.of(new Opt());

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
                return PublishedModels.of(checkpoint, ALL);
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
                .orElseThrow(() -> EngineException.model(
                        folder + " holds a model of type " + Quoted.of(type) + "; this version runs "
                                + ALL.stream().map(Family::name).collect(Collectors.joining(", "))));
        QuantisedConfig.refuse(config);
        return family.spec(config);
    }

    /** The family that specs call {@code name}. */
    public static Family named(String name) {
        return ALL.stream()
                .filter(family -> family.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no family " + name));
    }
}
