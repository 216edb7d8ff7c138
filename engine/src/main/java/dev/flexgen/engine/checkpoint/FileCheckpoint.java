package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Tensors of mapped files. Owns the arena of the mappings. */
final class FileCheckpoint implements Checkpoint {

    private final Path folder;
    private final Arena arena;
    private final Map<String, StoredTensor> stored;
    private final Set<String> names;
    /** Kept so that a strided tensor is copied once, however often it is asked for. */
    private final Map<String, Tensor> loaded = new ConcurrentHashMap<>();

    private final AtomicBoolean closed = new AtomicBoolean();

    FileCheckpoint(Path folder, Arena arena, Map<String, StoredTensor> stored) {
        this.folder = folder;
        this.arena = arena;
        this.stored = stored;
        Set<String> weights = new LinkedHashSet<>();
        stored.forEach((name, tensor) -> {
            if (tensor.type().weight().isPresent()) {
                weights.add(name);
            }
        });
        this.names = Collections.unmodifiableSet(weights);
    }

    @Override
    public Set<String> names() {
        return names;
    }

    @Override
    public Tensor tensor(String name) {
        if (closed.get()) {
            throw new IllegalStateException("the checkpoint " + folder + " is closed");
        }
        StoredTensor tensor = stored.get(name);
        if (tensor == null) {
            throw EngineException.model(folder + " has no tensor '" + Quoted.text(name)
                    + "'; the checkpoint is incomplete or of another model family");
        }
        return loaded.computeIfAbsent(name, _ -> load(name, tensor));
    }

    private Tensor load(String name, StoredTensor tensor) {
        DType dtype = tensor.type()
                .weight()
                .orElseThrow(() -> EngineException.model("tensor '" + Quoted.text(name) + "' in "
                        + tensor.file().path() + " has elements of type " + tensor.type()
                        + ", but weights must be F32, F16 or BF16; convert the checkpoint to one of them"));
        return new Tensor(dtype, tensor.shape(), tensor.contiguous(arena));
    }

    @Override
    public String description() {
        return folder.toString();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            loaded.clear();
            arena.close();
        }
    }

    @Override
    public String toString() {
        return description();
    }
}
