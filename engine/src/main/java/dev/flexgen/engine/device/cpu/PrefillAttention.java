package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.load;
import static dev.flexgen.engine.device.cpu.PanelKernel.PANEL;
import static dev.flexgen.engine.device.cpu.PanelKernel.TILE;

import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Causal attention of many new tokens, bound by arithmetic: queries lie along the lanes, keys and values come block by block,
 * and the softmax is kept up to date as they come (running maximum and sum, as in FlashAttention), so that scores are never
 * held for more than a block.
 */
final class PrefillAttention {

    /** Below all scores, and finite: a query may see none of the first keys. */
    private static final float NO_SCORE = -1e30f;

    private final WorkerPool pool;
    private final Scratch[] scratch;

    PrefillAttention(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    void attend(Rows query, KvView cache, int position, Scoring scoring, Rows out) {
        int queryHeads = query.width() / cache.headDim();
        int panels = PanelKernel.panels(query.count());
        // Later panels see more keys: taking them first keeps the threads busy to the end.
        pool.run(queryHeads * panels, (part, worker) -> {
            int panel = panels - 1 - part / queryHeads;
            new Panel(query, cache, position, part % queryHeads, panel * PANEL, scratch[worker]).attend(scoring, out);
        });
    }

    /** One head's queries of one panel. */
    private static final class Panel {
        private final Rows query;
        private final KvView cache;
        private final int dim;
        private final int head;
        private final int keyHead;
        private final int firstToken;
        private final int tokens;
        private final int firstPosition;

        /** // [headDim, PANEL], then scores [blockTokens, PANEL], context [headDim, PANEL], maxima and sums [PANEL] */
        private final float[] lanes;

        private final int scoresAt;
        private final int contextAt;
        private final int maximaAt;
        private final int sumsAt;
        private final float[] tile;

        Panel(Rows query, KvView cache, int position, int head, int firstToken, Scratch memory) {
            this.query = query;
            this.cache = cache;
            this.dim = cache.headDim();
            this.head = head;
            this.keyHead = head / (query.width() / dim / cache.heads());
            this.firstToken = firstToken;
            this.tokens = Math.min(PANEL, query.count() - firstToken);
            this.firstPosition = position + firstToken;
            this.scoresAt = dim * PANEL;
            this.contextAt = scoresAt + PanelKernel.tiled(cache.blockTokens()) * PANEL;
            this.maximaAt = contextAt + PanelKernel.tiled(dim) * PANEL;
            this.sumsAt = maximaAt + PANEL;
            this.lanes = memory.first(sumsAt + PANEL);
            // A tile of outputs may read past the last key or dimension; those sums are never used.
            this.tile = memory.second(Math.max(KvReader.tile(cache), (cache.blockTokens() + TILE) * dim + TILE));
        }

        void attend(Scoring scoring, Rows out) {
            packQueries(scoring.scale());
            Arrays.fill(lanes, contextAt, maximaAt, 0);
            Arrays.fill(lanes, maximaAt, sumsAt, NO_SCORE);
            Arrays.fill(lanes, sumsAt, sumsAt + PANEL, 0);
            int visible = firstPosition + tokens;
            int first = scoring.first(firstPosition) / cache.blockTokens() * cache.blockTokens();
            for (int from = first; from < visible; from += cache.blockTokens()) {
                int keys = Math.min(cache.blockTokens(), visible - from);
                score(from, keys);
                lowerDistant(from, keys, scoring.slope(head));
                hideFuture(from, keys);
                hidePast(from, keys, scoring);
                softmax(keys, 0);
                softmax(keys, WIDTH);
                combine(from, keys);
            }
            store(out);
        }

        private void packQueries(float scale) {
            Arrays.fill(lanes, 0, dim * PANEL, 0);
            float[] row = tile;
            for (int lane = 0; lane < tokens; lane++) {
                Convert.floats(query.data(), (long) (firstToken + lane) * query.width() + (long) head * dim, row, dim);
                for (int d = 0; d < dim; d++) {
                    lanes[d * PANEL + lane] = row[d] * scale;
                }
            }
        }

        private void score(int from, int keys) {
            KvReader.keys(cache, keyHead, from, keys, tile);
            Arrays.fill(lanes, scoresAt, scoresAt + PanelKernel.tiled(keys) * PANEL, 0);
            for (int key = 0; key < keys; key += TILE) {
                PanelKernel.accumulate(tile, key * dim, dim, 1, lanes, 0, dim, lanes, scoresAt + key * PANEL, PANEL);
            }
        }

        /** A query sees keys up to its own position. */
        private void hideFuture(int from, int keys) {
            for (int key = Math.max(0, firstPosition + 1 - from); key < keys; key++) {
                int blind = Math.min(PANEL, from + key - firstPosition);
                Arrays.fill(lanes, scoresAt + key * PANEL, scoresAt + key * PANEL + blind, Float.NEGATIVE_INFINITY);
            }
        }

        private void lowerDistant(int from, int keys, float slope) {
            for (int key = 0; slope != 0 && key < keys; key++) {
                int at = scoresAt + key * PANEL;
                for (int lane = 0; lane < PANEL; lane++) {
                    lanes[at + lane] += slope * (from + key - firstPosition - lane);
                }
            }
        }

        /** And none before its window. */
        private void hidePast(int from, int keys, Scoring scoring) {
            for (int lane = 0; scoring.window() > 0 && lane < tokens; lane++) {
                int hidden = Math.min(keys, scoring.first(firstPosition + lane) - from);
                for (int key = 0; key < hidden; key++) {
                    lanes[scoresAt + key * PANEL + lane] = Float.NEGATIVE_INFINITY;
                }
            }
        }

        /** Scores of one vector of queries to weights; what was summed under a smaller maximum is scaled down. */
        private void softmax(int keys, int lane) {
            FloatVector before = load(lanes, maximaAt + lane);
            FloatVector max = before;
            for (int key = 0; key < keys; key++) {
                max = max.max(load(lanes, scoresAt + key * PANEL + lane));
            }
            FloatVector sum = load(lanes, sumsAt + lane);
            FloatVector shrink = Lanes.exp(before.sub(max));
            sum = sum.mul(shrink);
            for (int key = 0; key < keys; key++) {
                int at = scoresAt + key * PANEL + lane;
                FloatVector weight = Lanes.exp(load(lanes, at).sub(max));
                weight.intoArray(lanes, at);
                sum = sum.add(weight);
            }
            for (int d = 0; d < dim; d++) {
                int at = contextAt + d * PANEL + lane;
                load(lanes, at).mul(shrink).intoArray(lanes, at);
            }
            max.intoArray(lanes, maximaAt + lane);
            sum.intoArray(lanes, sumsAt + lane);
        }

        private void combine(int from, int keys) {
            KvReader.values(cache, keyHead, from, keys, tile);
            for (int d = 0; d < dim; d += TILE) {
                PanelKernel.accumulate(tile, d, 1, dim, lanes, scoresAt, keys, lanes, contextAt + d * PANEL, PANEL);
            }
        }

        private void store(Rows out) {
            float[] row = tile;
            for (int lane = 0; lane < tokens; lane++) {
                float scale = 1 / lanes[sumsAt + lane];
                for (int d = 0; d < dim; d++) {
                    row[d] = lanes[contextAt + d * PANEL + lane] * scale;
                }
                long offset = 4 * ((long) (firstToken + lane) * out.width() + (long) head * dim);
                MemorySegment.copy(row, 0, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, offset, dim);
            }
        }
    }
}
