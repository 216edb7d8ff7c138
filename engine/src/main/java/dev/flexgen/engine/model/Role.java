package dev.flexgen.engine.model;

/** What a tensor is for, whatever its name in a checkpoint. Which roles a model has, {@link ModelSpec#tensors()} lists. */
public record Role(ModelPart part, Param param) {

    /** Whether plans cut it, by heads or neurons; the others stay whole. Biases of down projections are added once. */
    public boolean isCut() {
        return switch (part) {
            case QUERY, KEY, VALUE, GATE, UP, SHARED_GATE, SHARED_UP -> true;
            // Not cut, but every shard of heads has them.
            case QUERY_NORM, KEY_NORM -> true;
            case ATTENTION_OUT, DOWN, SHARED_DOWN -> param == Param.WEIGHT;
            default -> false;
        };
    }

    @Override
    public String toString() {
        return part + "." + param;
    }
}
