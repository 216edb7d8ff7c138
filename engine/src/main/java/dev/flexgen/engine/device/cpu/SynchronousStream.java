package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Stream;
import java.lang.foreign.MemorySegment;

/** The processor's stream: everything is done before a call returns, so every event is reached. */
final class SynchronousStream implements Stream {

    /** Always reached. */
    static final Event REACHED = new Event() {
        @Override
        public void join() {}

        @Override
        public void close() {}
    };

    @Override
    public void upload(MemorySegment host, MemorySegment device) {
        device.copyFrom(host);
    }

    @Override
    public void download(MemorySegment device, MemorySegment host) {
        host.copyFrom(device);
    }

    @Override
    public void copy(MemorySegment from, MemorySegment to) {
        to.copyFrom(from);
    }

    @Override
    public void zero(MemorySegment memory) {
        memory.fill((byte) 0);
    }

    @Override
    public void record(Event event) {}

    @Override
    public void await(Event event) {
        event.join();
    }

    @Override
    public void join() {}
}
