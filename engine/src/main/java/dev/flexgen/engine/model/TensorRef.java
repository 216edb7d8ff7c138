package dev.flexgen.engine.model;

import java.util.Optional;

/**
 * Where a checkpoint stores a tensor of the model.
 *
 * @param name without the prefixes that come and go
 * @param rows of the stored tensor; empty for all, as they are
 */
public record TensorRef(String name, Optional<RowSelection> rows) {}
