package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.Shape;

/**
 * What a tensor is for, whatever its name in a checkpoint. Shapes are as published: projections are {@code [outputs, inputs]}.
 */
public enum Role {
    TOKENS(false, Need.ALWAYS),
    POSITIONS(false, Need.ALWAYS),
    PROJECT_IN(false, Need.ALWAYS),
    PROJECT_OUT(false, Need.ALWAYS),
    FINAL_NORM_WEIGHT(false, Need.NORM),
    FINAL_NORM_BIAS(false, Need.NORM),
    /** The output projection; where it is absent, the token table serves. */
    HEAD(false, Need.OPTIONAL),
    ATTENTION_NORM_WEIGHT(true, Need.NORM),
    ATTENTION_NORM_BIAS(true, Need.NORM),
    QUERY_WEIGHT(true, Need.ALWAYS),
    QUERY_BIAS(true, Need.OPTIONAL),
    KEY_WEIGHT(true, Need.ALWAYS),
    KEY_BIAS(true, Need.OPTIONAL),
    VALUE_WEIGHT(true, Need.ALWAYS),
    VALUE_BIAS(true, Need.OPTIONAL),
    ATTENTION_OUT_WEIGHT(true, Need.ALWAYS),
    ATTENTION_OUT_BIAS(true, Need.OPTIONAL),
    FFN_NORM_WEIGHT(true, Need.NORM),
    FFN_NORM_BIAS(true, Need.NORM),
    UP_WEIGHT(true, Need.ALWAYS),
    UP_BIAS(true, Need.OPTIONAL),
    DOWN_WEIGHT(true, Need.ALWAYS),
    DOWN_BIAS(true, Need.OPTIONAL);

    /** Whether a checkpoint may lack a tensor. */
    public enum Need {
        ALWAYS,
        /** The affine part of a norm: in all norms of the model, or in none. */
        NORM,
        /** In all layers, or in none. */
        OPTIONAL
    }

    private final boolean perLayer;
    private final Need need;

    Role(boolean perLayer, Need need) {
        this.perLayer = perLayer;
        this.need = need;
    }

    /** One tensor for every layer, or one for the model. */
    public boolean perLayer() {
        return perLayer;
    }

    public Need need() {
        return need;
    }

    /** Whether plans cut it, by heads or neurons; the others stay whole. */
    public boolean isCut() {
        return switch (this) {
            case QUERY_WEIGHT,
                    QUERY_BIAS,
                    KEY_WEIGHT,
                    KEY_BIAS,
                    VALUE_WEIGHT,
                    VALUE_BIAS,
                    ATTENTION_OUT_WEIGHT,
                    UP_WEIGHT,
                    UP_BIAS,
                    DOWN_WEIGHT -> true;
            default -> false;
        };
    }

    /** Whether a model of this spec has the tensor at all. */
    public boolean belongsTo(ModelSpec spec) {
        return switch (this) {
            case PROJECT_IN, PROJECT_OUT -> spec.projectsEmbedding();
            case FINAL_NORM_WEIGHT, FINAL_NORM_BIAS -> spec.features().finalNorm();
            default -> true;
        };
    }

    /** The shape that a checkpoint must give it. */
    public Shape shape(ModelSpec spec) {
        Dimensions d = spec.dimensions();
        int queries = d.heads() * d.headDim();
        int keys = d.keyHeads() * d.headDim();
        return switch (this) {
            case TOKENS, HEAD -> Shape.of(d.vocabulary(), d.embedding());
            case POSITIONS -> Shape.of(d.positions() + spec.features().positionOffset(), d.width());
            case PROJECT_IN -> Shape.of(d.width(), d.embedding());
            case PROJECT_OUT -> Shape.of(d.embedding(), d.width());
            case QUERY_WEIGHT -> Shape.of(queries, d.width());
            case QUERY_BIAS -> Shape.of(queries);
            case KEY_WEIGHT, VALUE_WEIGHT -> Shape.of(keys, d.width());
            case KEY_BIAS, VALUE_BIAS -> Shape.of(keys);
            case ATTENTION_OUT_WEIGHT -> Shape.of(d.width(), queries);
            case UP_WEIGHT -> Shape.of(d.ffnWidth(), d.width());
            case UP_BIAS -> Shape.of(d.ffnWidth());
            case DOWN_WEIGHT -> Shape.of(d.width(), d.ffnWidth());
            case FINAL_NORM_WEIGHT,
                    FINAL_NORM_BIAS,
                    ATTENTION_NORM_WEIGHT,
                    ATTENTION_NORM_BIAS,
                    ATTENTION_OUT_BIAS,
                    FFN_NORM_WEIGHT,
                    FFN_NORM_BIAS,
                    DOWN_BIAS -> Shape.of(d.width());
        };
    }
}
