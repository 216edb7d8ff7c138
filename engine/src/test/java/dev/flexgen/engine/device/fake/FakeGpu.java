package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.device.cpu.VectorOps;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A GPU that a test can trust to be unkind: work is done late and in any order that events permit, the same for the same seed;
 * memory is small, out of the caller's reach, and gone when it is freed; copies take their time; calls fail on request.
 *
 * <p>Unlike a real one it refuses arguments that lie in the wrong memory and events of other devices, and it fails, instead of
 * computing nonsense, when memory is freed before work that uses it is done.
 */
public final class FakeGpu implements Device {

    private static final long HOST_ALIGNMENT = 4096;

    private final Ledger ledger;
    private final FakeGpuSettings settings;
    private final Tally tally = new Tally();
    private final DeviceMemory memory;
    private final AddressRanges pageLocked = new AddressRanges();
    private final Simulation simulation;
    private final WorkerPool pool = new WorkerPool(1);
    private final FakeOps ops;
    private final Map<StreamRole, Stream> streams = new EnumMap<>(StreamRole.class);
    private long hostHeld;

    public FakeGpu(Ledger ledger, FakeGpuSettings settings) {
        this.ledger = ledger;
        this.settings = settings;
        memory = new DeviceMemory(settings.bytes());
        simulation = new Simulation(settings.seed(), tally, memory::freeAll);
        ops = new FakeOps(simulation, tally, new Operands(memory, pageLocked), new VectorOps(pool), settings);
        FakeStream.Parts parts = new FakeStream.Parts(
                simulation,
                tally,
                memory,
                pageLocked,
                new Task.Bus(settings.uploadRate()),
                new Task.Bus(settings.downloadRate()),
                settings.faults());
        Random random = new Random(settings.seed());
        for (StreamRole lane : StreamRole.values()) {
            streams.put(lane, new FakeStream(lane, parts, new Random(random.nextLong())));
        }
    }

    @Override
    public String name() {
        return "fake GPU";
    }

    @Override
    public Tier tier() {
        return Tier.GPU;
    }

    @Override
    public boolean supports(Operation operation, Encoding encoding) {
        return settings.supports().test(operation, encoding);
    }

    @Override
    public boolean supports(Capability capability) {
        return settings.capabilities().contains(capability);
    }

    /** As on a real one. */
    @Override
    public int mostSlopes() {
        return 256;
    }

    @Override
    public Buffer allocate(String owner, long bytes) {
        simulation.check();
        if (settings.faults().hit(tally.call(Faults.Kind.ALLOCATION, owner))) {
            throw DeviceMemory.refused(owner, bytes);
        }
        return memory.allocate(ledger, simulation, owner, bytes);
    }

    @Override
    public Buffer allocateHost(String owner, long bytes) {
        simulation.check();
        boolean fails = settings.faults().hit(tally.call(Faults.Kind.HOST_ALLOCATION, owner));
        return Buffer.take(ledger, Tier.HOST, owner, bytes, () -> {
            if (fails || !hold(bytes)) {
                throw EngineException.placement(
                        "The system refuses " + bytes + " bytes of page-locked memory for " + owner);
            }
            Arena arena = Arena.ofShared();
            MemorySegment segment = arena.allocate(bytes, HOST_ALIGNMENT);
            pageLocked.add(segment);
            return new Buffer.Memory(segment, () -> {
                pageLocked.remove(segment);
                hold(-bytes);
                arena.close();
            });
        });
    }

    private synchronized boolean hold(long bytes) {
        if (bytes > settings.hostBytes() - hostHeld) {
            return false;
        }
        hostHeld += bytes;
        return true;
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public boolean mustRepeat() {
        return ops.mustRepeat();
    }

    @Override
    public Stream stream(StreamRole lane) {
        return Objects.requireNonNull(streams.get(lane), lane::name);
    }

    @Override
    public Event event() {
        simulation.check();
        return new FakeEvent(simulation, tally);
    }

    /** What it has done so far. */
    public Statistics statistics() {
        return tally.statistics(memory.peak(), simulation.nanos());
    }

    @Override
    public void close() {
        simulation.close();
        pool.close();
    }
}
