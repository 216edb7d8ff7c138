package dev.flexgen.engine.store;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ShardTensors;
import dev.flexgen.engine.model.TensorSpec;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.RowSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * Packs a model whose files of weights are here one after the other: each is packed and may then be deleted. Goes on from what an
 * earlier run has packed. Owned by one thread.
 */
public final class ShardPacker implements AutoCloseable {

    private final PackStore store;
    private final PackHeader header;
    private final PackListener listener;
    private final CancelToken cancel;
    private final PackSession session;

    /**
     * Waits until nobody else makes the same packed model.
     *
     * @throws EngineException of kind PLACEMENT if the store cannot be written
     */
    public ShardPacker(PackStore store, String key, PackHeader header, PackListener listener, CancelToken cancel) {
        this.store = store;
        this.header = header;
        this.listener = listener;
        this.cancel = cancel;
        try {
            this.session = PackSession.begin(store, key, header, listener, cancel);
        } catch (IOException e) {
            throw PackErrors.store(store.root(), e);
        }
    }

    /** Whether the packed model is there already. */
    public boolean isDone() {
        return session.isDone();
    }

    /** Whether a file has anything that is not packed yet, as far as the index in {@code folder} says. */
    public boolean needs(Path folder, String file) {
        Map<String, Path> index = Checkpoints.indexed(folder);
        return index.isEmpty() || !session.packedFiles().contains(file);
    }

    /**
     * Packs what one file holds.
     *
     * @param folder with the model's description, and its index if there are several files
     */
    public void add(Path folder, Path file) {
        ModelSpec spec = Families.read(folder);
        ExecutionSupport.require(spec);
        Map<String, Path> index = Checkpoints.indexed(folder);
        try (Checkpoint shard = Checkpoints.openFile(file);
                WorkerPool pool = new WorkerPool(Runtime.getRuntime().availableProcessors())) {
            Set<String> all = index.isEmpty() ? shard.names() : index.keySet();
            ShardTensors tensors = new ShardTensors(spec, all, shard);
            long total = PackItem.of(
                            new UniformTypes(spec, DType.F16, !spec.head().tied()), header.encoding())
                    .stream()
                    .mapToLong(PackItem::bytes)
                    .sum();
            session.requireSpace(total);
            try (PackJob job = new PackJob(session.writer(), total, listener, cancel)) {
                CheckpointRows rows = new CheckpointRows(tensors, () -> {}, pool);
                for (ShardTensors.Place place : tensors.places()) {
                    PackItem item = PackItem.of(tensors, header.encoding(), place.spec(), place.layer());
                    if (job.has(item)) {
                        continue;
                    }
                    if (place.whole()) {
                        job.add(item, rows);
                    } else {
                        addExperts(item, place, rows, job);
                    }
                }
                job.flush();
            }
            session.packed(file.getFileName().toString());
        } catch (IOException e) {
            throw PackErrors.store(store.root(), e);
        }
    }

    /** Some experts of a layer: they wait until all are here. */
    private void addExperts(PackItem item, ShardTensors.Place place, RowSource rows, PackJob job) throws IOException {
        ExpertParts parts = session.parts();
        int experts = place.spec().experts();
        int each = item.rows() / experts;
        for (int expert : place.experts()) {
            cancel.check();
            if (!parts.has(item, expert)) {
                parts.write(item, expert, each, rows);
            }
        }
        if (parts.hasAll(item, experts)) {
            job.add(item, parts.rows(item, each));
            job.flush();
            parts.delete(item, experts);
        }
    }

    /**
     * All files were added.
     *
     * @param folder with the model's description
     * @throws EngineException of kind MODEL naming a tensor that was in none of them
     */
    public PackedForm finish(Path folder) {
        ModelSpec spec = Families.read(folder);
        try {
            if (session.isDone()) {
                return session.form();
            }
            for (TensorSpec tensor : spec.tensors()) {
                requireAllOrNone(tensor);
            }
            session.copyFiles(folder);
            return session.publish(spec.head().tied());
        } catch (IOException e) {
            throw PackErrors.store(store.root(), e);
        }
    }

    private void requireAllOrNone(TensorSpec tensor) {
        int found = 0;
        PackedTensor.Key missing = new PackedTensor.Key(tensor.role(), tensor.firstLayer());
        for (int layer = tensor.firstLayer(); layer < tensor.endLayer(); layer++) {
            PackedTensor.Key key = new PackedTensor.Key(tensor.role(), layer);
            if (session.writer().has(key)) {
                found++;
            } else {
                missing = key;
            }
        }
        if (found < tensor.layers() && (found > 0 || tensor.need() == TensorSpec.Need.ALWAYS)) {
            throw EngineException.model("No file of " + header.model() + " holds " + missing
                    + "; its repository is incomplete or of another family");
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
