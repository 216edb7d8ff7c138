package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.exec.ShardActivations.Attention;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import dev.flexgen.engine.weights.ModelWeights;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attention sublayer's part of one device: {@code q, k, v = up(h);  sum += down(attend(q, KV))} for each of its shards. Keys
 * and values are attended over where they are kept, also when another device multiplies with the shard's weights.
 */
final class AttentionSublayer {

    private final DeviceGroup group;
    private final ModelWeights weights;
    private final HeadOperations operations;

    AttentionSublayer(DeviceGroup group, ModelWeights weights, HeadOperations operations) {
        this.group = group;
        this.weights = weights;
        this.operations = operations;
    }

    /** Adds the tasks' result for {@code h} to {@code sum} and stores the batch's keys and values. */
    void compute(Worker worker, DeviceTasks tasks, Batch batch, Rows h, Rows sum) {
        @Nullable Started before = null;
        for (Entry entry : tasks.entries()) {
            if (entry.attends() == worker.index()) {
                here(worker, entry, batch, h, sum);
            } else {
                // One shard's heads are multiplied while those of the one before are attended over.
                Heads heads = worker.take(weights.heads(entry.block()), entry.access());
                Started started = new Started(entry, worker.hostAttention().submit(heads, h, batch, operations));
                if (before != null) {
                    finish(worker, before, batch, sum);
                }
                before = started;
            }
        }
        if (before != null) {
            finish(worker, before, batch, sum);
        }
    }

    private void here(Worker worker, Entry entry, Batch batch, Rows h, Rows sum) {
        Heads heads = worker.take(weights.heads(entry.block()), entry.access());
        Attention rows = worker.activations().attention(h.count(), queries(heads), keys(heads));
        operations.project(worker.ops(), heads, h, batch, rows);
        attend(worker.ops(), rows, entry, batch);
        worker.ops().down(heads.out(), rows.context(), sum);
        worker.done(entry.access());
    }

    /** A shard whose projections are on their way to the device that attends. */
    private record Started(Entry entry, HostAttention.Pending pending) {}

    private void finish(Worker worker, Started started, Batch batch, Rows sum) {
        HostAttention.await(started.pending());
        Ops onHost = group.worker(started.entry().attends()).ops();
        attend(onHost, started.pending().onHost(), started.entry(), batch);
        worker.hostAttention().finish(started.pending(), sum);
        worker.done(started.entry().access());
    }

    private void attend(Ops ops, Attention rows, Entry entry, Batch batch) {
        int layer = entry.block().layer();
        int shard = entry.block().shard();
        List<KvSequence> appending = batch.appending(layer, shard);
        List<KvSealing> sealing = batch.sealing(layer, shard);
        Scoring scoring = operations.scoring(entry.shard());
        if (sealing.isEmpty()) {
            ops.appendAndAttend(rows.key(), rows.value(), rows.query(), appending, scoring, rows.context());
        } else {
            ops.append(rows.key(), rows.value(), appending);
            ops.seal(sealing);
            ops.attend(rows.query(), batch.attending(layer, shard), scoring, rows.context());
        }
    }

    private static int queries(Heads heads) {
        return heads.projections().get(0).weight().rows();
    }

    private static int keys(Heads heads) {
        return heads.projections().get(1).weight().rows();
    }
}
