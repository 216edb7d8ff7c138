package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostMemory;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;

/** The processor: computes on host memory in place, with as many threads as it is given. */
public final class CpuDevice implements Device {

    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String VECTOR_CLASS = VECTOR_MODULE + ".Vector";

    private final HostMemory memory;
    private final WorkerPool pool;
    private final Ops ops;
    private final Stream stream = new SynchronousStream();

    /**
     * A device over {@code pool}, which stays the caller's and is closed after it.
     *
     * @throws EngineException of kind DEVICE if this Java was started without the Vector API
     */
    public CpuDevice(Ledger ledger, WorkerPool pool) {
        if (!vectorsAreThere()) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "Java was started without its vector instructions; use the flexgen-chat launcher, or add --add-modules "
                            + VECTOR_MODULE,
                    null);
        }
        this.memory = new HostMemory(ledger);
        this.pool = pool;
        this.ops = new VectorOps(pool);
    }

    /** By the class and not by the module: a module loaded after the start is not in the boot layer. */
    private static boolean vectorsAreThere() {
        try {
            Class.forName(VECTOR_CLASS, false, CpuDevice.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    @Override
    public String name() {
        return pool.threads() == 1 ? "CPU, 1 thread" : "CPU, " + pool.threads() + " threads";
    }

    @Override
    public Tier tier() {
        return Tier.HOST;
    }

    @Override
    public boolean supports(Operation operation, Encoding encoding) {
        return switch (operation) {
            case EMBED, UP, DOWN -> true;
            case APPEND -> encoding instanceof Encoding.Plain;
            case ATTEND -> encoding instanceof Encoding.Plain || encoding.equals(Encoding.Q4);
            case SEAL -> encoding.equals(Encoding.Q4);
        };
    }

    @Override
    public boolean supports(Capability capability) {
        return true;
    }

    @Override
    public Buffer allocate(String owner, long bytes) {
        return memory.allocate(owner, bytes);
    }

    @Override
    public Buffer allocateHost(String owner, long bytes) {
        return memory.allocate(owner, bytes);
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public Stream stream(StreamRole lane) {
        return stream;
    }

    @Override
    public Event event() {
        return SynchronousStream.REACHED;
    }

    @Override
    public int tokensAtOnce() {
        return PanelKernel.PANEL;
    }

    @Override
    public void rouse() {
        pool.rouse();
    }

    @Override
    public void during(Runnable operations, Runnable other) {
        pool.during(operations, other);
    }

    @Override
    public void close() {
        // its memory is that of its buffers, its threads are the pool's
    }
}
