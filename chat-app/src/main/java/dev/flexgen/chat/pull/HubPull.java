package dev.flexgen.chat.pull;

import dev.flexgen.hub.Hub;
import dev.flexgen.hub.HubCache;
import dev.flexgen.hub.HubRef;
import dev.flexgen.hub.HubSettings;
import dev.flexgen.hub.PullCancel;
import dev.flexgen.hub.PullListener;
import dev.flexgen.hub.PullPlan;
import java.util.function.Consumer;

/** A download from the hub into a store. For one run. */
public final class HubPull implements ModelPull {

    private final HubSettings settings;
    private final HubCache store;
    private final PullCancel cancel = new PullCancel();

    public HubPull(HubSettings settings, HubCache store) {
        this.settings = settings;
        this.store = store;
    }

    @Override
    public void run(HubRef model, Consumer<PullState> progress) {
        var tracker = new PullTracker(model.toString(), System::nanoTime);
        PullListener listener = event -> progress.accept(tracker.after(event));
        try (Hub hub = new Hub(settings, store)) {
            PullPlan plan = hub.plan(model, listener, cancel);
            var _ = hub.pull(plan, listener, cancel);
        }
    }

    @Override
    public void stop() {
        cancel.cancel();
    }
}
