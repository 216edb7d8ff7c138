package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Tensors of mapped files. Owns the arena of the mappings. */
final class FileCheckpoint implements Checkpoint {

    /**
     * What the files of a checkpoint hold.
     *
     * @param listedOnly file by tensor, of those that an index lists there and no file holds
     */
    record Contents(Map<String, StoredTensor> stored, Map<String, Path> listedOnly) {}

    private final Path folder;
    private final Arena arena;
    private final Map<String, StoredTensor> stored;
    private final Map<String, Path> listedOnly;
    /** Keeps loaded tensors, so that a strided one is copied only once. */
    private final Map<String, Tensor> loaded = new ConcurrentHashMap<>();

    private final AtomicBoolean closed = new AtomicBoolean();

    FileCheckpoint(Path folder, Arena arena, Contents contents) {
        this.folder = folder;
        this.arena = arena;
        this.stored = Collections.unmodifiableMap(contents.stored());
        this.listedOnly = Collections.unmodifiableMap(contents.listedOnly());
    }

    @Override
    public Set<String> names() {
        return stored.keySet();
    }

    @Override
    public Set<String> listedOnly() {
        return listedOnly.keySet();
    }

    @Override
    public Tensor tensor(String name) {
        if (closed.get()) {
            throw new IllegalStateException("the checkpoint " + folder + " is closed");
        }
        StoredTensor tensor = stored.get(name);
        if (tensor == null) {
            throw absent(name);
        }
        return loaded.computeIfAbsent(name, _ -> load(name, tensor));
    }

    private EngineException absent(String name) {
        Path shard = listedOnly.get(name);
        return EngineException.model(
                shard == null
                        ? folder + " has no tensor '" + Quoted.text(name)
                                + "'; the checkpoint is incomplete or of another model family"
                        : shard + " does not hold the tensor '" + Quoted.text(name)
                                + "' that the index lists there; download both files again");
    }

    private Tensor load(String name, StoredTensor tensor) {
        ElementType type = tensor.type();
        if (type.held().isEmpty()) {
            throw EngineException.model("tensor '" + Quoted.text(name) + "' in "
                    + tensor.file().path() + " has elements of type " + type + kind(type)
                    + ", but weights must be F64, F32, F16 or BF16; fetch the model in one of them");
        }
        return new Tensor(type, tensor.shape(), tensor.contiguous(arena));
    }

    /** What a type says of the checkpoint. */
    private static String kind(ElementType type) {
        return switch (type) {
            case F8_E5M2, F8_E4M3, F8_E8M0 -> " (an FP8 checkpoint)";
            case F4, F6_E2M3, F6_E3M2 -> " (a quantised checkpoint)";
            case I8 -> " (an INT8 checkpoint)";
            case U8, I32, U32 -> " (a quantised checkpoint)";
            default -> "";
        };
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
