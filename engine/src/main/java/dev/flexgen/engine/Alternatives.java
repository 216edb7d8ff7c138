package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import java.util.ArrayList;
import java.util.List;

/**
 * Several replies to one prompt, of which one is kept: each step takes the next token of all, so that the weights are read once for
 * all of them. The prompt's keys and values are shared. For the thread of the session; closing gives back what the others held.
 */
public final class Alternatives implements AutoCloseable {

    private final Session prompt;
    private final List<Session> sessions = new ArrayList<>();

    /**
     * Forks the prompt.
     *
     * @param prompt that was prefilled; stays the caller's
     * @param count of replies, up to 16: that many are the same as alone
     * @throws EngineException of kind PLACEMENT if there is no room
     */
    public Alternatives(Session prompt, int count) {
        this.prompt = prompt;
        var _ = prompt.logits(); // must be there
        sessions.add(prompt);
        try {
            while (sessions.size() < count) {
                sessions.add(prompt.fork());
            }
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    /**
     * Makes the replies. Cancelling ends all of them, with what was said until then.
     *
     * @param requests one for each reply
     * @param listeners one for each reply; they hear their tokens on this thread
     * Memory for keys and values that runs out does the same.
     */
    public List<Generation> generate(
            List<GenerationRequest> requests, List<? extends TokenListener> listeners, CancelToken cancel) {
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < sessions.size(); i++) {
            replies.add(new Reply(sessions.get(i), requests.get(i), cancel, listeners.get(i), prompt.prefillSeconds()));
        }
        try {
            List<Reply> going = choose(replies);
            while (!going.isEmpty()) {
                List<Session> their = going.stream().map(Reply::session).toList();
                boolean computed = step(their, cancel);
                going.forEach(reply -> reply.computed(computed));
                going = computed ? choose(going) : List.of();
            }
        } finally {
            sessions.forEach(Session::forgetPending);
        }
        return replies.stream().map(Reply::generation).toList();
    }

    /** False if it was cancelled, or memory ran out: then what was said until now is all. */
    private boolean step(List<Session> going, CancelToken cancel) {
        try {
            return SessionStep.run(prompt.model(), going, cancel);
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            return false;
        }
    }

    private static List<Reply> choose(List<Reply> replies) {
        return replies.stream().filter(Reply::choose).toList();
    }

    /** The session goes on with this reply; the others are forgotten. */
    public void keep(int index) {
        if (index > 0) {
            prompt.swap(sessions.get(index));
        }
    }

    @Override
    public void close() {
        for (Session fork : sessions.subList(Math.min(1, sessions.size()), sessions.size())) {
            fork.close();
        }
        sessions.clear();
    }
}
