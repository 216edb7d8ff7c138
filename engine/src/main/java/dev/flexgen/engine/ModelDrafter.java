package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.sample.Sampler;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.IntBinaryOperator;

/**
 * Drafts with a smaller model, or with the same one in fewer bits: its likeliest tokens. It keeps a session of its own, which follows
 * the drafted sequence. Owned by the session's thread.
 */
public final class ModelDrafter implements Drafter {

    /** After a draft that was right to the end it lacks that draft's last token and the one that the model chose. */
    private static final int USUAL = 2;

    private final Session session;
    private final IntBinaryOperator instead;
    private final Sampler greedy = new Sampler(SamplerOptions.greedy());

    private ModelDrafter(Session session, IntBinaryOperator instead) {
        this.session = session;
        this.instead = instead;
    }

    /**
     * A drafter for sequences of another model.
     *
     * @param draft stays the caller's, and open as long as this
     * @param limit most tokens of the sequence
     * @throws EngineException of kind INPUT if the two do not have the same vocabulary, of kind PLACEMENT if there is no room for the
     *     draft model's keys and values
     */
    public static ModelDrafter of(Model draft, Model target, int limit) {
        return of(draft, target, limit, (_, id) -> id);
    }

    /**
     * The same for measurements: the draft model computes, and something else says what it would have said.
     *
     * @param instead from a place in the sequence and the id that was drafted for it to the one that counts
     */
    static ModelDrafter of(Model draft, Model target, int limit, IntBinaryOperator instead) {
        if (draft.spec().vocabulary() != target.spec().vocabulary()) {
            throw EngineException.input(
                    "The draft model has a vocabulary of " + draft.spec().vocabulary()
                            + " tokens and the model one of " + target.spec().vocabulary()
                            + "; a draft model needs the model's own tokenizer");
        }
        return new ModelDrafter(draft.session(Math.min(limit, draft.context())), instead);
    }

    @Override
    public int behind(int[] ids, int length) {
        int missing = length - session.commonPrefix(Arrays.copyOf(ids, length));
        return missing <= USUAL || length >= session.limit() ? 0 : missing - 1;
    }

    @Override
    public void read(int[] ids, int length, CancelToken cancel) {
        try {
            session.prefill(Arrays.copyOf(ids, length - 1), cancel, ProgressListener.NONE);
        } catch (CancellationException e) {
            // what was read until then is kept
        }
    }

    @Override
    public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
        int room = Math.min(most, session.limit() - length);
        if (room < 1) {
            return new int[0];
        }
        int[] drafted = new int[room];
        int[] sequence = Arrays.copyOf(ids, length + room);
        try {
            for (int i = 0; i < room; i++) {
                session.prefill(Arrays.copyOf(sequence, length + i), cancel, ProgressListener.NONE);
                int own = greedy.next(session.logits(), sequence, length + i);
                drafted[i] = instead.applyAsInt(length + i, own);
                sequence[length + i] = drafted[i];
            }
        } catch (CancellationException e) {
            return new int[0];
        }
        return drafted;
    }

    @Override
    public void close() {
        session.close();
    }
}
