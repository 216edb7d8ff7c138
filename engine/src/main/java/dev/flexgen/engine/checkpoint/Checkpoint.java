package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.tensor.Tensor;
import java.util.Set;

/**
 * Named tensors. Names are as stored in the files; a {@code Family} gives them meaning. Tensors stay valid until
 * {@link #close()}; all methods may be called from any thread.
 */
public interface Checkpoint extends AutoCloseable {

    /** The name of every tensor that its files hold, whatever its element type. */
    Set<String> names();

    /** Names that an index lists and no file holds. Asking for such a tensor fails with a sentence that says so. */
    default Set<String> listedOnly() {
        return Set.of();
    }

    /**
     * The tensor stored under {@code name}, mapped rather than read where the file's layout allows.
     *
     * @throws dev.flexgen.engine.base.EngineException if there is none of that name, its element type is none of
     *     model weights (masks, counters, quantised numbers), or its bytes cannot be used
     */
    Tensor tensor(String name);

    /** What messages call this checkpoint: the path of its folder. */
    String description();

    @Override
    void close();
}
