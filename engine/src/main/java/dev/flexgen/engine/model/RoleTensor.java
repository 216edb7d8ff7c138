package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;

/**
 * A tensor of the model as its checkpoint stores it.
 *
 * @param name under which it is stored
 * @param stored perhaps shared with other roles
 * @param rows of {@code stored}
 * @param shape of the tensor of the model
 */
public record RoleTensor(String name, Tensor stored, RowSelection rows, Shape shape) {

    /** The element type in which it is held unless converted: the stored one, or the next that the engine computes with. */
    public DType dtype() {
        return stored.dtype();
    }

    /** Numbers of one row: the last extent; 1 for vectors. */
    public int columns() {
        return shape.rank() < 2 ? 1 : Math.toIntExact(shape.extent(shape.rank() - 1));
    }
}
