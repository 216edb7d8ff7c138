package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.model.FeedForwardSpec.Experts;
import dev.flexgen.engine.weights.ModelWeights.Router;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Has a home device score experts and waits for the scores: who computes and what is read depends on the choice. Owned by the
 * engine's thread.
 */
final class ExpertRouter implements AutoCloseable {

    private final Device device;
    private final Resources resources = new Resources();
    private final MemorySegment onDevice;
    private final MemorySegment inHost;
    private final Event read;

    /**
     * Allocates.
     *
     * @param rows most tokens of a step
     * @param experts most of a layer
     */
    ExpertRouter(Device device, int rows, int experts) {
        this.device = device;
        long bytes = 4L * rows * experts;
        try {
            this.onDevice =
                    resources.keep(device.allocate("activations", bytes)).segment();
            this.inHost =
                    resources.keep(device.allocateHost("activations", bytes)).segment();
            this.read = resources.keep(device.event());
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Asks for the scores of the rows of {@code h}, which are on the device; {@link #choose} follows. */
    void score(Router router, Experts experts, Rows h) {
        Rows scores = Rows.in(onDevice, h.count(), experts.count());
        device.ops().up(router.scores(), h, scores);
        MemorySegment host = inHost.asSlice(0, scores.bytes());
        device.stream(StreamRole.COMPUTE).download(scores.data(), host);
        device.stream(StreamRole.COMPUTE).record(read);
    }

    /** Waits for the scores and chooses each row's experts. */
    Routing choose(Router router, Experts experts, int rows) {
        read.join();
        MemorySegment scores = inHost.asSlice(0, 4L * rows * experts.count());
        return Routing.choose(experts, scores.toArray(ValueLayout.JAVA_FLOAT), rows, router.correction());
    }

    @Override
    public void close() {
        resources.close();
    }
}
