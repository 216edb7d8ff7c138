package dev.flexgen.engine.device;

import dev.flexgen.engine.memory.AllocationPolicy;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.SmallBuffers;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;

/**
 * A device that enters allocations in a ledger, as a real one of its kind would, and takes no memory: for counting what a plan
 * needs by making the very objects that would take it. It computes nothing.
 */
public final class SizingDevice implements Device {

    private final Tier tier;
    private final AllocationPolicy policy;
    private final Ledger ledger;
    private final SmallBuffers small = new SmallBuffers(this::unit);

    /** @param policy of the device that it stands for */
    public SizingDevice(Tier tier, AllocationPolicy policy, Ledger ledger) {
        this.tier = tier;
        this.policy = policy;
        this.ledger = ledger;
    }

    @Override
    public String name() {
        return "dry run";
    }

    @Override
    public Tier tier() {
        return tier;
    }

    /** Whether a device of its kind can do it is not for a dry run to say. */
    @Override
    public boolean supports(Operation operation, Encoding encoding) {
        return true;
    }

    @Override
    public boolean supports(Capability capability) {
        return true;
    }

    @Override
    public AllocationPolicy allocationPolicy() {
        return policy;
    }

    @Override
    public Buffer allocate(String owner, long bytes) {
        if (policy.isSmall(bytes)) {
            return Buffer.take(ledger, tier, owner, 0, () -> small.take(bytes));
        }
        return take(tier, owner, policy.rounded(bytes));
    }

    private Buffer unit() {
        return take(tier, "small buffers", policy.unit());
    }

    @Override
    public Buffer allocateHost(String owner, long bytes) {
        return take(Tier.HOST, owner, bytes);
    }

    @SuppressWarnings("restricted") // an address that nobody follows
    private Buffer take(Tier where, String owner, long bytes) {
        return Buffer.take(
                ledger,
                where,
                owner,
                bytes,
                () -> new Buffer.Memory(MemorySegment.NULL.reinterpret(Math.max(1, bytes)), () -> {}));
    }

    @Override
    public Ops ops() {
        throw new IllegalStateException("a dry run computes nothing");
    }

    @Override
    public Stream stream(StreamRole role) {
        return IDLE;
    }

    @Override
    public Event event() {
        return REACHED;
    }

    @Override
    public void close() {}

    private static final Event REACHED = new Event() {
        @Override
        public void join() {}

        @Override
        public void close() {}
    };

    private static final Stream IDLE = new Stream() {
        @Override
        public void upload(MemorySegment host, MemorySegment device) {
            throw new IllegalStateException("a dry run moves nothing");
        }

        @Override
        public void download(MemorySegment device, MemorySegment host) {
            throw new IllegalStateException("a dry run moves nothing");
        }

        @Override
        public void copy(MemorySegment from, MemorySegment to) {
            throw new IllegalStateException("a dry run moves nothing");
        }

        @Override
        public void zero(MemorySegment memory) {
            throw new IllegalStateException("a dry run moves nothing");
        }

        @Override
        public void record(Event event) {}

        @Override
        public void await(Event event) {}

        @Override
        public void join() {}
    };
}
