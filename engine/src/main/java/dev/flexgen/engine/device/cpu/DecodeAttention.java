package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of one or a few new tokens, bound by reading the cache: each key and value is widened once and used for all
 * queries that share its head.
 */
final class DecodeAttention {

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private float[] queries = new float[0];

    DecodeAttention(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    /**
     * Attends with all sequences at a time: their heads are spread over the threads.
     *
     * @param query rows of all sequences of a step
     * @param sequences with a few rows each
     * @param firstRows of each sequence, in {@code query} and {@code out}
     */
    void attend(Rows query, List<KvSequence> sequences, List<Integer> firstRows, Scoring scoring, Rows out) {
        int length = Math.multiplyExact(query.count(), query.width());
        if (queries.length < length) {
            queries = new float[length];
        }
        Convert.floats(query.data(), 0, queries, length);
        Lanes.scale(queries, 0, scoring.scale(), length);
        int heads = sequences.getFirst().cache().heads();
        pool.run(sequences.size() * heads, (part, worker) -> {
            KvSequence sequence = sequences.get(part / heads);
            int first = firstRows.get(part / heads);
            Rows own = query.slice(first, sequence.rows());
            Rows context = out.slice(first, sequence.rows());
            attendHead(part % heads, own, first, sequence, scoring, context, scratch[worker]);
        });
    }

    /** All queries of all heads that share key head {@code head}. */
    private void attendHead(
            int head, Rows query, int firstRow, KvSequence sequence, Scoring scoring, Rows out, Scratch memory) {
        KvView cache = sequence.cache();
        int position = sequence.position();
        int dim = cache.headDim();
        int group = query.width() / dim / cache.heads();
        int total = position + query.count();
        float[] weights = memory.first(query.count() * group * total);
        float[] tile = memory.second(KvReader.tile(cache));
        score(head, query, firstRow, cache, position, scoring, weights, tile);
        for (int t = 0; t < query.count(); t++) {
            int seen = scoring.first(position + t);
            for (int g = 0; g < group; g++) {
                softmax(weights, (t * group + g) * total + seen, position + t + 1 - seen);
            }
        }
        float[] context = memory.third(query.count() * group * dim);
        combine(head, query, cache, position, scoring, weights, tile, context);
        for (int t = 0; t < query.count(); t++) {
            for (int g = 0; g < group; g++) {
                long offset = 4 * ((long) t * out.width() + (long) (head * group + g) * dim);
                MemorySegment.copy(
                        context, (t * group + g) * dim, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, offset, dim);
            }
        }
    }

    private void score(
            int head,
            Rows query,
            int firstRow,
            KvView cache,
            int position,
            Scoring scoring,
            float[] weights,
            float[] tile) {
        int dim = cache.headDim();
        int group = query.width() / dim / cache.heads();
        int total = position + query.count();
        for (int from = firstBlock(cache, position, scoring); from < total; from += cache.blockTokens()) {
            int keys = Math.min(cache.blockTokens(), total - from);
            KvReader.keys(cache, head, from, keys, tile);
            for (int t = 0; t < query.count(); t++) {
                int visible = Math.min(keys, position + t + 1 - from);
                int seen = Math.max(0, scoring.first(position + t) - from);
                for (int g = 0; g < group; g++) {
                    int queryAt = (firstRow + t) * query.width() + (head * group + g) * dim;
                    int weightAt = (t * group + g) * total + from;
                    for (int j = seen; j < visible; j++) {
                        weights[weightAt + j] = Lanes.dot(tile, j * dim, queries, queryAt, dim);
                    }
                    float slope = scoring.slope(head * group + g);
                    for (int j = seen; slope != 0 && j < visible; j++) {
                        weights[weightAt + j] += slope * (from + j - position - t);
                    }
                }
            }
        }
    }

    /** The first position of the first block of which any query sees something. */
    private static int firstBlock(KvView cache, int position, Scoring scoring) {
        return scoring.first(position) / cache.blockTokens() * cache.blockTokens();
    }

    private static void softmax(float[] weights, int at, int count) {
        float sum = Lanes.exponentials(weights, at, Lanes.max(weights, at, count), count);
        Lanes.scale(weights, at, 1 / sum, count);
    }

    private static void combine(
            int head,
            Rows query,
            KvView cache,
            int position,
            Scoring scoring,
            float[] weights,
            float[] tile,
            float[] context) {
        int dim = cache.headDim();
        int group = query.width() / dim / cache.heads();
        int total = position + query.count();
        Arrays.fill(context, 0, query.count() * group * dim, 0);
        for (int from = firstBlock(cache, position, scoring); from < total; from += cache.blockTokens()) {
            int keys = Math.min(cache.blockTokens(), total - from);
            KvReader.values(cache, head, from, keys, tile);
            for (int t = 0; t < query.count(); t++) {
                int visible = Math.min(keys, position + t + 1 - from);
                int seen = Math.max(0, scoring.first(position + t) - from);
                for (int g = 0; g < group; g++) {
                    int weightAt = (t * group + g) * total + from;
                    for (int j = seen; j < visible; j++) {
                        Lanes.addScaled(weights[weightAt + j], tile, j * dim, context, (t * group + g) * dim, dim);
                    }
                }
            }
        }
    }
}
