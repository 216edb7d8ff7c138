package dev.flexgen.engine.weights;

import dev.flexgen.engine.memory.BlockFile;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

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

    /**
     * A file that holds rows just as {@link #rows} writes them, so that the disk tier needs no copy of its own; the caller closes it. None
     * if rows have to be made.
     */
    default Optional<BlockFile> openFile() {
        return Optional.empty();
    }

    /** Where in {@link #openFile} row {@code from} of a matrix begins, or number {@code from} of a vector. */
    default long fileOffset(Role role, int layer, int from) {
        throw new IllegalStateException("rows of " + role + " are in no file");
    }

    @Override
    void close();
}
