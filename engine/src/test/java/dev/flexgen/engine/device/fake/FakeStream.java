package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A stream of a fake GPU: checks each request and puts it into the queue. */
final class FakeStream implements Stream {

    private final StreamRole lane;
    private final Parts gpu;
    private final Random random;

    /** What the streams of one GPU share. */
    record Parts(
            Simulation simulation,
            Tally tally,
            DeviceMemory memory,
            AddressRanges pageLocked,
            Task.Bus up,
            Task.Bus down,
            Faults faults) {}

    FakeStream(StreamRole lane, Parts gpu, Random random) {
        this.lane = lane;
        this.gpu = gpu;
        this.random = random;
    }

    @Override
    public void upload(MemorySegment host, MemorySegment device) {
        checkHost(host);
        checkDevice(device);
        checkSizes(host, device);
        copy(host, device, gpu.up(), Faults.Kind.UPLOAD, () -> gpu.tally().uploaded(lane, host.byteSize()));
    }

    @Override
    public void download(MemorySegment device, MemorySegment host) {
        checkDevice(device);
        checkHost(host);
        checkSizes(device, host);
        copy(device, host, gpu.down(), Faults.Kind.DOWNLOAD, () -> gpu.tally().downloaded(lane, host.byteSize()));
    }

    @Override
    public void copy(MemorySegment from, MemorySegment to) {
        checkDevice(from);
        checkDevice(to);
        checkSizes(from, to);
        if (from.asOverlappingSlice(to).isPresent()) {
            throw new IllegalArgumentException("a copy within the GPU onto itself");
        }
        copy(from, to, null, Faults.Kind.COPY, () -> {});
    }

    /**
     * Reads the source in the first moment or in the last, and leaves the destination filled with not-a-numbers in between:
     * whoever changes the one or reads the other too early gets a wrong result.
     */
    private void copy(
            MemorySegment from, MemorySegment to, Task.@Nullable Bus bus, Faults.Kind kind, Runnable whenFinished) {
        boolean early = random.nextBoolean();
        Faults.Call call = gpu.tally().call(kind, lane.name());
        boolean fails = gpu.faults().hit(call);
        MemorySegment[] read = {from};
        long nanos = bus == null ? 0 : bus.nanos(from.byteSize());
        Runnable start = () -> {
            if (early) {
                read[0] = MemorySegment.ofArray(from.toArray(ValueLayout.JAVA_BYTE));
            }
            to.fill((byte) 0xff);
        };
        Runnable finish = () -> {
            if (fails) {
                throw new InjectedFault(call);
            }
            to.copyFrom(read[0]);
            whenFinished.run();
        };
        gpu.simulation().add(lane, new Task.Work(nanos, bus, start, finish));
    }

    @Override
    public void zero(MemorySegment memory) {
        checkDevice(memory);
        gpu.simulation().add(lane, Task.Work.atOnce(0, () -> memory.fill((byte) 0)));
    }

    @Override
    public void record(Event event) {
        FakeEvent own = own(event);
        Mark mark = new Mark();
        gpu.simulation().add(lane, new Task.Reach(mark));
        own.record(mark);
    }

    @Override
    public void await(Event event) {
        if (event instanceof FakeEvent foreign && !foreign.of(gpu.simulation())) {
            foreign.join(); // two simulations share no order of tasks: what another GPU has to do first is done now
            return;
        }
        Mark mark = own(event).latest();
        if (mark == null) {
            gpu.simulation().check();
        } else {
            gpu.simulation().add(lane, new Task.Await(mark));
        }
    }

    @Override
    public void join() {
        gpu.tally().streamJoin();
        Mark mark = new Mark();
        gpu.simulation().add(lane, new Task.Reach(mark));
        gpu.simulation().join(mark);
    }

    private FakeEvent own(Event event) {
        if (event instanceof FakeEvent own && own.of(gpu.simulation())) {
            return own;
        }
        throw new IllegalArgumentException("an event of another device");
    }

    private void checkHost(MemorySegment host) {
        if (!host.isNative() || gpu.memory().contains(host)) {
            throw new IllegalArgumentException("not in host memory off the heap: " + host);
        }
        if (!host.isAccessibleBy(gpu.simulation().thread())) {
            throw new IllegalArgumentException("confined to a thread, which a GPU does not know: " + host);
        }
        if (!gpu.pageLocked().contain(host)) {
            gpu.tally().pageableCopy();
        }
    }

    private void checkDevice(MemorySegment segment) {
        if (!gpu.memory().contains(segment)) {
            throw new IllegalArgumentException("not in this GPU's memory: " + segment);
        }
    }

    private static void checkSizes(MemorySegment from, MemorySegment to) {
        if (from.byteSize() != to.byteSize()) {
            throw new IllegalArgumentException("a copy of " + from.byteSize() + " bytes to " + to.byteSize());
        }
    }
}
