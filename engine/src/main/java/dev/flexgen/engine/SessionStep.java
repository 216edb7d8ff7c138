package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import java.util.ArrayList;
import java.util.List;

/** Steps of a model for the pending tokens of some sessions. */
final class SessionStep {

    private SessionStep() {}

    /**
     * One step for some sessions of a model: each takes its pending tokens, the first ones as many as there is room for, and those
     * behind them what is left, which may be nothing.
     *
     * @return whether it was computed; if not, it was cancelled, and all sessions are as they were
     */
    static boolean run(Model model, List<Session> sessions, CancelToken cancel) {
        List<Batch.Sequence> shares = new ArrayList<>();
        int left = model.maxStepTokens();
        int logitRows = model.maxLogitRows();
        while (shares.size() < sessions.size() && left > 0 && logitRows > 0) {
            Batch.Sequence share = share(sessions.get(shares.size()), left, cancel);
            shares.add(share);
            left -= share.tokens().length;
            logitRows -= share.logitRows();
        }
        int rows = sessions.getFirst().pending();
        long start = System.nanoTime();
        Logits computed = model.step(new Batch(shares));
        if (computed.completed(0)) {
            sessions.getFirst().drafted().stepped(rows, (System.nanoTime() - start) / 1e9);
        }
        boolean all = true;
        for (int i = 0; i < shares.size(); i++) {
            all &= sessions.get(i).take(computed, i);
        }
        return all;
    }

    /** The last pending token wants logits, and a draft behind it; none before they are reached. */
    private static Batch.Sequence share(Session session, int room, CancelToken cancel) {
        int pending = session.pending();
        int count = ReadAhead.step(pending, room);
        return session.share(count, count == pending ? 1 + session.drafted().pending() : 0, cancel);
    }
}
