package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.Sampler;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A reply under way: chooses one token after the other; whoever owns it has them computed, alone or with those of others. */
final class Reply {

    private final Session session;
    private final GenerationRequest request;
    private final CancelToken cancel;
    private final TokenListener listener;
    private final double prefillSeconds;
    private final Sampler sampler;
    private final List<Integer> tokens = new ArrayList<>();
    private final long start = System.nanoTime();
    private @Nullable FinishReason reason;

    /** What {@link #sample} has chosen; -1 if nothing. */
    private int sampled = -1;

    /** @param session whose prompt has been computed */
    Reply(
            Session session,
            GenerationRequest request,
            CancelToken cancel,
            TokenListener listener,
            double prefillSeconds) {
        this.session = session;
        this.request = request;
        this.cancel = cancel;
        this.listener = listener;
        this.prefillSeconds = prefillSeconds;
        this.sampler = new Sampler(request.sampling());
    }

    Session session() {
        return session;
    }

    /** Chooses the next token, which {@link #choose} will tell. May run beside that of other replies. */
    void sample() {
        if (!cancel.cancelled()) {
            sampled = sampler.next(session.logits(), session.ids(), session.length());
        }
    }

    /** Chooses the next token, if it is not chosen yet, and tells it; whether it is to be computed, because the reply goes on. */
    boolean choose() {
        reason = next();
        return reason == null;
    }

    private @Nullable FinishReason next() {
        if (cancel.cancelled()) {
            return FinishReason.CANCELLED;
        }
        int length = session.length();
        int id = sampled >= 0 ? sampled : sampler.next(session.logits(), session.ids(), length);
        sampled = -1;
        if (request.endTokens().contains(id)) {
            return FinishReason.EOS;
        }
        tokens.add(id);
        if (listener.onToken(id) == TokenListener.Verdict.STOP) {
            return FinishReason.STOP;
        }
        if (tokens.size() == request.maxNewTokens() || length == session.limit()) {
            return FinishReason.LENGTH;
        }
        session.append(id);
        return null;
    }

    /** Most tokens that may still follow the chosen one. */
    int left() {
        return request.maxNewTokens() - tokens.size();
    }

    /** Told whether the chosen token was computed; if not, the reply ends here. */
    boolean computed(boolean completed) {
        if (!completed) {
            reason = FinishReason.CANCELLED;
        }
        return completed;
    }

    /** The finished reply. */
    Generation generation() {
        if (reason == null) {
            throw new IllegalStateException("the reply goes on");
        }
        return new Generation(tokens, reason, prefillSeconds, (System.nanoTime() - start) / 1e9);
    }
}
