package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Generates replies to many prompts at once: one step takes the next token of every reply under way, so that weights are read
 * once for all of them; one that ends makes room for the next prompt. With up to 16 replies at a time each is the same, to the bit
 * of every logit, as alone: a prompt is prefilled on its own, in the steps it would have alone, and its reply then joins. With more,
 * whose steps have too many rows for that anyway, prompts are prefilled in the same steps in which replies go on, behind them.
 *
 * <p>Every prompt has a session of its own, with room for its prompt and its longest reply. Where there is no room for one more,
 * it waits until another ends. One thread.
 */
public final class Generator {

    private final Model model;
    private final int slots;
    private final CancelToken cancel;
    private final @Nullable Speculation drafts;
    private final List<Running> running = new ArrayList<>();

    /** Where replies are made one at a time, the session of the last: what a prompt shares with it is not computed again. */
    private @Nullable Session last;

    /**
     * One prompt.
     *
     * @param listener hears its reply
     */
    public record Job(int[] prompt, GenerationRequest request, Listener listener) {}

    /** Hears one reply: its tokens as they come, then exactly one of its end and its failure. */
    public interface Listener extends TokenListener {

        /** The reply is finished. */
        void onEnd(Generation generation);

        /** There is no reply, because this prompt cannot be served: too long, ids out of range, no room. */
        void onFailure(EngineException failure);
    }

    /** A prompt that is being read, and then the reply to it. */
    private static final class Running {
        final Job job;
        final Session session;
        final long start = System.nanoTime();

        @Nullable
        Reply reply;

        Running(Job job, Session session) {
            this.job = job;
            this.session = session;
        }

        boolean isRead() {
            return reply != null || session.pending() == 0;
        }

        /** The reply, from the moment the prompt has been read. */
        Reply reply(CancelToken cancel) {
            if (reply == null) {
                double seconds = (System.nanoTime() - start) / 1e9;
                reply = new Reply(session, job.request(), cancel, job.listener(), seconds);
            }
            return reply;
        }
    }

    /**
     * For one model.
     *
     * @param slots most replies under way at a time
     * @param cancel ends all of them
     */
    public Generator(Model model, int slots, CancelToken cancel) {
        this(model, slots, cancel, null);
    }

    /**
     * The same with drafts, which need a reply at a time.
     *
     * @param drafts null for none; stays the caller's
     */
    public Generator(Model model, int slots, CancelToken cancel, @Nullable Speculation drafts) {
        if (drafts != null && slots > 1) {
            throw new IllegalArgumentException("drafts for " + slots + " replies at a time");
        }
        if (slots < 1) {
            throw new IllegalArgumentException("room for " + slots + " replies");
        }
        this.model = model;
        this.slots = Math.min(slots, Math.min(model.maxStepTokens(), model.maxLogitRows()));
        this.cancel = cancel;
        this.drafts = drafts;
    }

    /**
     * Serves all jobs; asks for the next one when there is room for it.
     *
     * @throws CancellationException if cancelled; replies under way have ended with what was said until then
     * @throws EngineException of kind DEVICE or MODEL, which no other prompt would escape
     */
    public void run(Iterator<Job> jobs) {
        Admission<Job> admission = new Admission<>(
                jobs, slots, this::start, (job, e) -> job.listener().onFailure(e));
        try {
            while (admission.fill(running)) {
                chooseAndStep();
            }
        } catch (CancellationException e) {
            for (Running one : List.copyOf(running)) {
                if (one.isRead()) {
                    Reply reply = one.reply(cancel);
                    reply.computed(false);
                    end(one, reply);
                }
            }
            throw e;
        } finally {
            running.forEach(it -> it.session.close());
            running.clear();
            closeIfOpen(last);
            last = null;
        }
    }

    private void start(Job job) {
        @Nullable Session session = null;
        try {
            TokenIds.check(job.prompt(), model.spec().vocabulary(), model.context());
            session = session((int) Math.min(
                    model.context(), (long) job.prompt().length + job.request().maxNewTokens()));
            Running one = new Running(job, session);
            if (slots > PlanChoice.MOST_ALIKE) {
                session.begin(job.prompt());
            } else {
                session.prefill(job.prompt(), cancel, ProgressListener.NONE);
                one.reply(cancel);
            }
            running.add(one);
        } catch (EngineException | CancellationException e) {
            closeIfOpen(session);
            throw e;
        }
    }

    private Session session(int limit) {
        @Nullable Session kept = last;
        last = null;
        if (kept != null && kept.limit() >= limit) {
            return kept;
        }
        closeIfOpen(kept);
        return model.session(limit);
    }

    private static void closeIfOpen(@Nullable Session session) {
        if (session != null) {
            session.close();
        }
    }

    /** One step; what is left of prompts comes behind the replies. */
    private void chooseAndStep() {
        sampleTogether();
        List<Session> going = new ArrayList<>();
        List<Session> read = new ArrayList<>();
        for (Running one : List.copyOf(running)) {
            if (!one.isRead()) {
                read.add(one.session);
                continue;
            }
            Reply reply = one.reply(cancel);
            if (reply.choose()) {
                one.session.draftMore(drafts, reply.left(), cancel);
                if (one.session.pending() > 0) {
                    going.add(one.session);
                }
            } else {
                end(one, reply);
            }
        }
        cancel.check();
        going.addAll(read);
        if (!going.isEmpty() && !SessionStep.run(model, going, cancel)) {
            throw new CancellationException("cancelled");
        }
    }

    /** The GPU would wait while one thread looks through the logits of many replies. */
    private void sampleTogether() {
        List<Reply> replies = running.stream()
                .filter(Running::isRead)
                .map(it -> it.reply(cancel))
                .toList();
        if (replies.size() > 1) {
            replies.parallelStream().forEach(Reply::sample);
        }
    }

    private void end(Running one, Reply reply) {
        running.remove(one);
        one.session.forgetPending();
        if (slots == 1) {
            last = one.session;
        } else {
            one.session.close();
        }
        one.job.listener().onEnd(reply.generation());
    }
}
