package dev.flexgen.engine.device;

import org.jspecify.annotations.Nullable;

/**
 * Queries or keys of some tokens.
 *
 * @param rows // [tokens, heads * headDim]
 * @param norm of every head, or none
 */
public record HeadRows(Rows rows, @Nullable Norm norm) {

    /** The heads as rows of their own. */
    public Rows heads(int headDim) {
        return new Rows(rows.data(), rows.count() * (rows.width() / headDim), headDim);
    }
}
