package dev.flexgen.chat.pull;

import dev.flexgen.hub.HubRef;
import java.util.function.Consumer;

/** One download of a model, watched by somebody. */
public interface ModelPull {

    /**
     * Fetches a model, or what is missing of it, and returns when all of it is here.
     *
     * @param progress told as bytes arrive, by other threads, one at a time
     * @throws java.util.concurrent.CancellationException if it was stopped
     * @throws dev.flexgen.hub.HubException if it cannot be had
     */
    void run(HubRef model, Consumer<PullState> progress);

    /** Makes {@link #run} stop soon, from another thread; what is here stays. */
    void stop();
}
