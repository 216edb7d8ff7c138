package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.weights.ModelWeights;

/**
 * From the residual stream to logits: the final norm, the projection to the token table's width where there is one, the head.
 * A few rows at a time, because the vocabulary makes them large. Owned by the engine's thread.
 */
final class OutputHead {

    private final ModelWeights weights;
    private final Activations space;
    private final Ops ops;
    private final Stream stream;

    /** @param stream on which {@code ops} computes */
    OutputHead(ModelWeights weights, Activations space, Ops ops, Stream stream) {
        this.weights = weights;
        this.space = space;
        this.ops = ops;
        this.stream = stream;
    }

    /**
     * Waits for the logits of all rows of the batch that want them.
     *
     * @return // [logit rows, V]
     */
    float[] logits(Batch batch) {
        int vocabulary = space.vocabulary();
        float[] numbers = new float[Math.multiplyExact(batch.logitRows(), vocabulary)];
        int done = 0;
        int gathered = 0;
        int row = 0;
        for (Batch.Sequence sequence : batch.sequences()) {
            int end = row + sequence.tokens().length;
            for (int from = end - sequence.logitRows(); from < end; ) {
                int count = Math.min(end - from, space.maxLogitRows() - gathered);
                norm(space.residual(batch.rows()).slice(from, count), gathered);
                from += count;
                gathered += count;
                if (gathered == space.maxLogitRows()) {
                    project(gathered, numbers, done * vocabulary);
                    done += gathered;
                    gathered = 0;
                }
            }
            row = end;
        }
        if (gathered > 0) {
            project(gathered, numbers, done * vocabulary);
        }
        return numbers;
    }

    private void norm(Rows x, int at) {
        Rows h = space.normed(at + x.count()).slice(at, x.count());
        if (weights.finalNorm() == null) {
            ops.copy(x, h);
        } else {
            ops.norm(weights.finalNorm(), x, h);
        }
    }

    private void project(int rows, float[] target, int at) {
        Rows narrow = space.normed(rows);
        if (weights.projectOut() != null) {
            Rows outputs = space.outputs(rows);
            ops.up(weights.projectOut(), narrow, outputs);
            narrow = outputs;
        }
        Rows logits = space.logits(rows);
        ops.up(weights.head(), narrow, logits);
        space.read(stream, logits, target, at);
    }
}
