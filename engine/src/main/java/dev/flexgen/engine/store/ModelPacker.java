package dev.flexgen.engine.store;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.weights.CheckpointRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Packs a model whose checkpoint is here. Besides mapped files, which the system can take back, it holds two buffers of
 * {@link PackJob#BUFFER} and a few rows for each thread, whatever the model's size.
 *
 * @param store gets the packed model
 * @param threads that encode
 */
public record ModelPacker(PackStore store, int threads, PackListener listener, CancelToken cancel) {

    /**
     * The packed model of a folder's checkpoint: the one that is there if it was made from the same files, else a new one, which
     * replaces it. An interrupted run is continued.
     *
     * @param key folder of the model in the store
     * @param name of the model, to show
     * @throws EngineException if the checkpoint is damaged, changes meanwhile or cannot be encoded; of kind PLACEMENT if there is no room
     *     or no permission in the store
     * @throws java.util.concurrent.CancellationException if it was cancelled
     */
    public PackedForm pack(String key, String name, Path source, Encoding encoding) {
        PackHeader header = new PackHeader(name, encoding, SourceIdentity.of(source));
        Optional<PackedForm> there =
                store.find(key, encoding).filter(form -> form.header().source().equals(header.source()));
        if (there.isPresent()) {
            return there.get(); // also from a store that cannot be written to
        }
        try (PackSession session = PackSession.begin(store, key, header, listener, cancel)) {
            if (session.isDone()) {
                return session.form();
            }
            ModelSpec spec = Families.read(source);
            ExecutionSupport.require(spec);
            session.copyFiles(source);
            try (Checkpoint checkpoint = Checkpoints.open(source);
                    WorkerPool pool = new WorkerPool(threads)) {
                ModelTensors tensors = new ModelTensors(spec, checkpoint);
                List<PackItem> items = PackItem.of(tensors, encoding);
                long total = items.stream().mapToLong(PackItem::bytes).sum();
                session.requireSpace(total);
                write(session, items, tensors, pool, total);
            } catch (InternalError e) { // what Java makes of a mapped file that has been cut
                session.discard();
                throw PackErrors.changed(source);
            }
            if (!SourceIdentity.of(source).equals(header.source())) {
                session.discard();
                throw PackErrors.changed(source);
            }
            return session.publish(false);
        } catch (IOException e) {
            throw PackErrors.store(store.root(), e);
        }
    }

    private void write(PackSession session, List<PackItem> items, ModelTensors tensors, WorkerPool pool, long total)
            throws IOException {
        try (PackJob job = new PackJob(session.writer(), total, listener, cancel);
                ReadAhead ahead = new ReadAhead()) {
            CheckpointRows rows = new CheckpointRows(tensors, () -> {}, pool);
            List<PackItem> missing =
                    items.stream().filter(item -> !job.has(item)).toList();
            for (int i = 0; i < missing.size(); i++) {
                for (int next = i; next < Math.min(i + 2, missing.size()); next++) {
                    PackItem item = missing.get(next);
                    ahead.load(
                            next,
                            tensors.get(item.role(), item.layer()).stored().data());
                }
                ahead.await(i);
                job.add(missing.get(i), rows);
            }
            job.flush();
        }
    }
}
