package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.store.ModelPacker;
import dev.flexgen.engine.store.PackHeader;
import dev.flexgen.engine.store.PackListener;
import dev.flexgen.engine.store.PackStore;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.engine.store.ShardPacker;
import dev.flexgen.engine.store.SourceIdentity;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A folder of packed models, each a model's folder that a {@link Machine} opens as any other. Any thread. */
public final class PackedModels {

    /** Weights of less are not packed without being told to, but encoded while they are loaded: that takes a few seconds. */
    public static final long LEAST_BYTES = 1L << 30;

    private final PackStore store;

    /** @param root need not exist */
    public PackedModels(Path root) {
        this.store = new PackStore(root);
    }

    /** All of them, unfinished ones included. */
    public List<PackedForm> list() {
        return store.list();
    }

    /** The finished one of a model, if it is there. */
    public Optional<PackedForm> find(String key, WeightType weights) {
        return store.find(key, encoding(weights));
    }

    /** The same, if it was made from the files that are in {@code source} now. */
    public Optional<PackedForm> find(String key, WeightType weights, Path source) {
        return find(key, weights).filter(form -> form.header().source().equals(SourceIdentity.of(source)));
    }

    /**
     * The packed model of a folder's checkpoint: made now, unless it is there. An interrupted run is continued.
     *
     * @param key folder of the model
     * @param name to show
     * @throws dev.flexgen.engine.base.EngineException if the checkpoint is damaged, changes meanwhile or holds numbers that the encoding
     *     cannot hold; of kind PLACEMENT if there is no room, or the folder cannot be written
     * @throws java.util.concurrent.CancellationException if it was cancelled
     */
    public PackedForm pack(
            String key,
            String name,
            Path source,
            WeightType weights,
            int threads,
            PackListener listener,
            CancelToken cancel) {
        return new ModelPacker(store, threads, listener, cancel).pack(key, name, source, encoding(weights));
    }

    /**
     * Begins or continues to pack a model whose files come one after the other.
     *
     * @param source what the files will be
     */
    public ShardPacker shards(
            String key,
            String name,
            SourceIdentity source,
            WeightType weights,
            PackListener listener,
            CancelToken cancel) {
        return new ShardPacker(store, key, new PackHeader(name, encoding(weights), source), listener, cancel);
    }

    /** The folder of a model's packed forms, for what belongs to them while they are made. */
    public Path folder(String key) {
        return store.root().resolve(key);
    }

    /**
     * Deletes one and returns the bytes that this freed.
     *
     * @throws dev.flexgen.engine.base.EngineException if it cannot be deleted, or somebody is making it
     */
    public long remove(PackedForm form) {
        return store.remove(form);
    }

    private static Encoding encoding(WeightType weights) {
        return weights.encoding().orElseThrow(() -> new IllegalArgumentException("weights as stored are not packed"));
    }
}
