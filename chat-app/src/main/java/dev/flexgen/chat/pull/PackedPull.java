package dev.flexgen.chat.pull;

import dev.flexgen.chat.packed.Packing;
import dev.flexgen.engine.PackedModels;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.store.PackListener;
import dev.flexgen.engine.store.ShardPacker;
import dev.flexgen.engine.store.SourceIdentity;
import dev.flexgen.hub.Hub;
import dev.flexgen.hub.HubCache;
import dev.flexgen.hub.HubRef;
import dev.flexgen.hub.HubSettings;
import dev.flexgen.hub.PullCancel;
import dev.flexgen.hub.PullListener;
import dev.flexgen.hub.PullPlan;
import dev.flexgen.hub.RemoteFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A download that keeps nothing but the packed model: each file of weights is packed when it has arrived, and deleted. On the disk are
 * never more than the packed model and one such file. For one run.
 */
public final class PackedPull implements ModelPull {

    private final HubSettings settings;
    private final HubCache scratch;
    private final PackedModels store;
    private final WeightType weights;
    private final PullCancel cancel = new PullCancel();
    private final CancelToken packing = new CancelToken();

    /** @param scratch where files are until they are packed */
    public PackedPull(HubSettings settings, HubCache scratch, PackedModels store, WeightType weights) {
        this.settings = settings;
        this.scratch = scratch;
        this.store = store;
        this.weights = weights;
    }

    @Override
    public void run(HubRef model, Consumer<PullState> progress) {
        PullTracker tracker = new PullTracker(model.toString(), System::nanoTime);
        PullListener listener = event -> progress.accept(tracker.after(event));
        try (Hub hub = new Hub(settings, scratch)) {
            PullPlan plan = hub.plan(model, listener, cancel);
            try (ShardPacker packer = store.shards(
                    Packing.keyOf(model), model.toString(), identity(plan), weights, PackListener.NONE, packing)) {
                if (!packer.isDone()) {
                    pack(hub, plan, packer, listener);
                }
            }
            delete(scratch.root());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void pack(Hub hub, PullPlan plan, ShardPacker packer, PullListener listener) throws IOException {
        List<RemoteFile> shards =
                plan.files().stream().filter(file -> isShard(file.path())).toList();
        List<RemoteFile> others =
                plan.files().stream().filter(file -> !isShard(file.path())).toList();
        Path folder = hub.pull(only(plan, others), listener, cancel);
        for (RemoteFile shard : shards) {
            if (packer.needs(folder, shard.path())) {
                Path file =
                        hub.pull(only(plan, List.of(shard)), listener, cancel).resolve(shard.path());
                packer.add(folder, file);
                Path content = file.toRealPath();
                Files.deleteIfExists(file);
                Files.deleteIfExists(content);
            }
        }
        var _ = packer.finish(folder);
    }

    private static boolean isShard(String path) {
        return path.endsWith(".safetensors") || path.endsWith(".bin");
    }

    private static PullPlan only(PullPlan plan, List<RemoteFile> files) {
        long bytes = files.stream().mapToLong(RemoteFile::bytes).sum();
        return new PullPlan(plan.ref(), plan.commit(), files, bytes, 0, plan.freeBytes());
    }

    /** As a folder of these files would have it. */
    private static SourceIdentity identity(PullPlan plan) {
        return new SourceIdentity(plan.files().stream()
                .filter(file -> SourceIdentity.counts(file.path()))
                .map(file -> SourceIdentity.hubFile(file.path(), file.bytes(), file.blobId()))
                .toList());
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Override
    public void stop() {
        cancel.cancel();
        packing.cancel();
    }
}
