package dev.flexgen.engine.model;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Geometry;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.tensor.Shape;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Specs of the models in the catalogue: by entry, and by the shapes of weights that come without a {@code config.json}, as
 * FlexGen's folders do. Shapes tell everything but the number of heads and the activation, so those must be of a published
 * model.
 */
public final class PublishedModels {

    private PublishedModels() {}

    /** The spec of a catalogue entry, whose family must be one that runs. */
    public static ModelSpec spec(CatalogueEntry entry) {
        Family family = Families.named(entry.family());
        return entry.config().isEmpty()
                ? spec(family, entry.geometry())
                : family.spec(dimensions(entry.geometry()).asConfig(entry.config()));
    }

    private static ModelSpec spec(Family family, Geometry shape) {
        return family.spec(dimensions(shape), shape.activation());
    }

    private static Dimensions dimensions(Geometry shape) {
        return new Dimensions(
                shape.layers(),
                shape.width(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                shape.ffnWidth(),
                shape.vocabSize(),
                shape.embeddingWidth(),
                shape.positions());
    }

    /**
     * The spec of the published model that {@code checkpoint} holds. The number of layers is the published one, so that
     * weights of an interrupted conversion are found incomplete rather than taken for a smaller model.
     *
     * @throws EngineException if the tensors are named or shaped as those of no published model that runs, or one of the two
     *     that tell is missing
     */
    static ModelSpec of(Checkpoint checkpoint, List<Family> families) {
        Family family = families.stream()
                .filter(candidate -> names(candidate, checkpoint))
                .findFirst()
                .orElseThrow(() -> EngineException.model(checkpoint.description()
                        + " has no config.json, and its tensors are not named as those of any of the families that this version"
                        + " runs (" + families.stream().map(Family::name).collect(Collectors.joining(", "))
                        + "); put the model's config.json there or give another folder"));
        return of(checkpoint, family);
    }

    private static boolean names(Family family, Checkpoint checkpoint) {
        TensorNames names = family.tensors();
        return checkpoint.names().stream().map(names::canonical).anyMatch(names::isKnown);
    }

    private static ModelSpec of(Checkpoint checkpoint, Family family) {
        Shape tokens = shape(checkpoint, family, ModelPart.TOKENS.weight());
        Shape up = shape(checkpoint, family, ModelPart.UP.weight());
        List<Geometry> matching = Catalogue.load().entries().stream()
                .filter(entry -> entry.family().equals(family.name()))
                .map(CatalogueEntry::geometry)
                .filter(known -> tokens.equals(Shape.of(known.vocabSize(), known.embeddingWidth()))
                        && up.equals(Shape.of(known.ffnWidth(), known.width())))
                .distinct()
                .toList();
        if (matching.size() != 1) {
            throw EngineException.model(checkpoint.description() + " has no config.json, and no published model of the "
                    + family.name() + " family has a token table of " + tokens + " and feed-forward weights of " + up
                    + "; put the model's config.json there");
        }
        return spec(family, matching.getFirst());
    }

    private static Shape shape(Checkpoint checkpoint, Family family, Role role) {
        TensorNames names = family.tensors();
        List<String> spellings = names.spellings(role, 0, 0);
        return checkpoint.names().stream()
                .filter(name -> spellings.contains(names.canonical(name)))
                .findFirst()
                .map(name -> checkpoint.tensor(name).shape())
                .orElseThrow(() -> EngineException.model(checkpoint.description() + ": tensor " + spellings.getFirst()
                        + " is missing; the weights are incomplete, convert or fetch the model again"));
    }
}
