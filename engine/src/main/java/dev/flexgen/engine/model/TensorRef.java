package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.Shape;
import java.util.Optional;

/**
 * Where a checkpoint stores a tensor of the model.
 *
 * @param name without the prefixes that come and go
 * @param rows of the stored tensor; empty for all, as they are
 */
public record TensorRef(String name, Optional<RowSelection> rows) {

    /** Of the whole stored tensor, all axes but the last as one, where the tensor of the model has shape {@code role}. */
    Shape storedShape(Shape role) {
        if (rows.isEmpty()) {
            return role;
        }
        long stored = rows.get().storedRows();
        return role.rank() == 1 ? Shape.of(stored) : Shape.of(stored, role.extent(1));
    }
}
