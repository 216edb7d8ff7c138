package dev.flexgen.engine.run;

import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.plan.Work;
import dev.flexgen.engine.run.HeadsLayout.Heads;
import dev.flexgen.engine.run.ShardSpace.Attention;
import java.util.List;

/**
 * The attention half of a layer: every shard on its device, the partial sums joined at home. Keys and values are attended over
 * where they lie, also when another device multiplies with the shard's weights.
 */
final class AttentionShards {

    private final Crew crew;
    private final float scale;

    /** @param scale of the scores */
    AttentionShards(Crew crew, float scale) {
        this.crew = crew;
        this.scale = scale;
    }

    /** Adds the half's result for {@code h} to {@code x}, both at home, and stores the step's keys and values. */
    void run(List<WeightBlock<Heads>> blocks, int layer, Step step, Work work, Rows h, Rows x) {
        List<Crew.Member> others = crew.others(blocks, work);
        others.forEach(member -> member.link().share(h));
        compute(crew.home(), blocks, layer, step, work, h, x);
        detours(blocks, layer, step, work, h, x);
        for (Crew.Member member : others) {
            Rows shared = member.link().shared(h.count());
            compute(
                    member.station(),
                    blocks,
                    layer,
                    step,
                    work,
                    shared,
                    member.link().partial(h.count()));
            member.link().join(x);
        }
    }

    /** The shards that the station both multiplies and attends for. */
    private void compute(
            Station station, List<WeightBlock<Heads>> blocks, int layer, Step step, Work work, Rows h, Rows sum) {
        for (int slot = 0; slot < blocks.size(); slot++) {
            WeightBlock<Heads> block = blocks.get(slot);
            if (station.multiplies(block, work) && station.attends(block)) {
                Heads heads = station.take(block, work);
                Attention rows = station.space().attention(h.count(), queries(heads), keys(heads));
                station.ops().upEach(heads.projections(), h, rows.projections());
                attend(station.ops(), rows, layer, slot, step);
                station.ops().down(heads.out(), rows.context(), sum);
                station.done(block, work);
            }
        }
    }

    /** The shards that home multiplies for others: one is multiplied while the one before is attended over. */
    private void detours(List<WeightBlock<Heads>> blocks, int layer, Step step, Work work, Rows h, Rows x) {
        int under = -1;
        Detour.Trip trip = null;
        for (int slot = 0; slot < blocks.size(); slot++) {
            WeightBlock<Heads> block = blocks.get(slot);
            if (crew.home().multiplies(block, work) && !crew.home().attends(block)) {
                Detour.Trip departed = crew.detour().depart(crew.home().take(block, work), h);
                if (trip != null) {
                    finish(trip, blocks.get(under), layer, under, step, work, x);
                }
                trip = departed;
                under = slot;
            }
        }
        if (trip != null) {
            finish(trip, blocks.get(under), layer, under, step, work, x);
        }
    }

    private void finish(Detour.Trip trip, WeightBlock<Heads> block, int layer, int slot, Step step, Work work, Rows x) {
        Detour.arrive(trip);
        attend(crew.station(block.shard().device()).ops(), trip.away(), layer, slot, step);
        crew.detour().comeBack(trip, x);
        crew.home().done(block, work);
    }

    private void attend(Ops ops, Attention rows, int layer, int slot, Step step) {
        int row = 0;
        for (Step.Part part : step.parts()) {
            int count = part.tokens().length;
            KvCache cache = part.cache();
            int position = cache.length();
            var view = cache.view(layer, slot);
            ops.append(rows.key().slice(row, count), rows.value().slice(row, count), view, position);
            ops.attend(
                    rows.query().slice(row, count),
                    view,
                    position,
                    scale,
                    rows.context().slice(row, count));
            row += count;
        }
    }

    private static int queries(Heads heads) {
        return heads.projections().get(0).weight().rows();
    }

    private static int keys(Heads heads) {
        return heads.projections().get(1).weight().rows();
    }
}
