package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.exec.ShardActivations.Attention;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import dev.flexgen.engine.weights.WeightBlock;
import java.util.List;

/**
 * The attention half of a layer: every shard on its device, the partial sums joined at home. Keys and values are attended over
 * where they lie, also when another device multiplies with the shard's weights.
 */
final class AttentionSublayer {

    private final DeviceGroup group;
    private final float scale;

    /** @param scale of the scores */
    AttentionSublayer(DeviceGroup group, float scale) {
        this.group = group;
        this.scale = scale;
    }

    /** Adds the half's result for {@code h} to {@code x}, both at home, and stores the step's keys and values. */
    void run(List<WeightBlock<Heads>> blocks, int layer, Batch batch, Regime regime, Rows h, Rows x) {
        List<DeviceGroup.Member> others = group.others(blocks, regime);
        others.forEach(member -> member.partialSums().broadcast(h));
        compute(group.home(), blocks, layer, batch, regime, h, x);
        onHost(blocks, layer, batch, regime, h, x);
        for (DeviceGroup.Member member : others) {
            Rows shared = member.partialSums().shared(h.count());
            compute(
                    member.worker(),
                    blocks,
                    layer,
                    batch,
                    regime,
                    shared,
                    member.partialSums().partial(h.count()));
            member.partialSums().reduce(x);
        }
    }

    /** The shards that the worker both multiplies and attends for. */
    private void compute(
            Worker worker, List<WeightBlock<Heads>> blocks, int layer, Batch batch, Regime regime, Rows h, Rows sum) {
        for (int slot = 0; slot < blocks.size(); slot++) {
            WeightBlock<Heads> block = blocks.get(slot);
            if (worker.multiplies(block, regime) && worker.attends(block)) {
                Heads heads = worker.take(block, regime);
                Attention rows = worker.space().attention(h.count(), queries(heads), keys(heads));
                worker.ops().upEach(heads.projections(), h, rows.projections());
                attend(worker.ops(), rows, layer, slot, batch);
                worker.ops().down(heads.out(), rows.context(), sum);
                worker.done(block, regime);
            }
        }
    }

    /** The shards that home multiplies for others: one is multiplied while the one before is attended over. */
    private void onHost(List<WeightBlock<Heads>> blocks, int layer, Batch batch, Regime regime, Rows h, Rows x) {
        int under = -1;
        HostAttention.Pending pending = null;
        for (int slot = 0; slot < blocks.size(); slot++) {
            WeightBlock<Heads> block = blocks.get(slot);
            if (group.home().multiplies(block, regime) && !group.home().attends(block)) {
                HostAttention.Pending submitted =
                        group.hostAttention().submit(group.home().take(block, regime), h);
                if (pending != null) {
                    finish(pending, blocks.get(under), layer, under, batch, regime, x);
                }
                pending = submitted;
                under = slot;
            }
        }
        if (pending != null) {
            finish(pending, blocks.get(under), layer, under, batch, regime, x);
        }
    }

    private void finish(
            HostAttention.Pending pending,
            WeightBlock<Heads> block,
            int layer,
            int slot,
            Batch batch,
            Regime regime,
            Rows x) {
        HostAttention.await(pending);
        attend(group.worker(block.shard().device()).ops(), pending.away(), layer, slot, batch);
        group.hostAttention().finish(pending, x);
        group.home().done(block, regime);
    }

    private void attend(Ops ops, Attention rows, int layer, int slot, Batch batch) {
        List<KvSequence> sequences = batch.sequences(layer, slot);
        ops.append(rows.key(), rows.value(), sequences);
        ops.attend(rows.query(), sequences, scale, rows.context());
    }

    private static int queries(Heads heads) {
        return heads.projections().get(0).weight().rows();
    }

    private static int keys(Heads heads) {
        return heads.projections().get(1).weight().rows();
    }
}
