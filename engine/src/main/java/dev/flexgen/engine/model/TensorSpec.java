package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.Shape;

/**
 * A tensor that a model consists of, in each of some layers.
 *
 * @param shape as published: projections are {@code [outputs, inputs]}
 * @param firstLayer 0 for tensors of the whole model
 * @param layers that have it, in a row; 1 for tensors of the whole model
 * @param experts of each layer that have it; 1 for all others
 */
public record TensorSpec(Role role, Shape shape, Need need, boolean perLayer, int firstLayer, int layers, int experts) {

    /** Whether a checkpoint may lack a tensor. */
    public enum Need {
        ALWAYS,
        /** The affine part of a norm: in all norms of the model, or in none. */
        NORM,
        /** In all layers, or in none. */
        OPTIONAL
    }

    /** How many tensors of this kind the model has. */
    public long count() {
        return (long) layers * experts;
    }

    public boolean hasLayer(int layer) {
        return layer >= firstLayer && layer < endLayer();
    }

    /** The first layer behind those that have it. */
    public int endLayer() {
        return firstLayer + layers;
    }
}
