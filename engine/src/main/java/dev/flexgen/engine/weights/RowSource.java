package dev.flexgen.engine.weights;

import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;

/**
 * What loading reads a model's weights from: rows of matrices in the layout and encoding in which they are held, and vectors. Owned by
 * the loading thread; an implementation may use more threads itself.
 */
public interface RowSource extends AutoCloseable {

    /**
     * Writes as many rows of a matrix as {@code target} has room for: one row per output, or one per input of a part that
     * {@linkplain dev.flexgen.engine.model.ModelPart#isDown() leads back}.
     *
     * @param from the first row
     * @param columns numbers of a row
     * @throws dev.flexgen.engine.base.EngineException of kind MODEL if the encoding cannot hold a number, or the source is damaged
     */
    void rows(Role role, int layer, int from, Encoding encoding, int columns, MemorySegment target);

    /** Writes as many numbers of a vector as {@code target} has room for, as F32, from number {@code from} on. */
    void vector(Role role, int layer, int from, MemorySegment target);

    @Override
    void close();
}
