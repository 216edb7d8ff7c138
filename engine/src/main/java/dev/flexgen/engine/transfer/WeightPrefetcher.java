package dev.flexgen.engine.transfer;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.base.Threads;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Brings one device the blocks of weights that it does not hold, in the order in which a step will ask for them, into a ring
 * of slots. A slot is filled as soon as the device is done with it, so that the bus is busy while layers compute; behind a
 * step's last block come the first ones of the next step, which is usually like the last.
 *
 * <p>A GPU copies page-locked memory by itself: the engine's thread asks for the next copy when it releases a slot. A thread of
 * this object's own waits for disks and for copies within host memory.
 *
 * <p>{@link #begin}, {@link #take} and {@link #release} belong to the engine's thread.
 */
public final class WeightPrefetcher implements AutoCloseable {

    /** A place on the device for one block at a time. */
    private static final class Slot {
        final MemorySegment memory;
        final Event arrived;
        final Event free;

        @Nullable
        Demand demand;

        int index;

        @Nullable
        Throwable failure;

        Slot(MemorySegment memory, Event arrived, Event free) {
            this.memory = memory;
            this.arrived = arrived;
            this.free = free;
        }
    }

    /** What is to be brought, over and over; a new one for every start from the beginning. */
    private static final class Demand {
        final List<BlockId> blocks;

        Demand(List<BlockId> blocks) {
            this.blocks = blocks;
        }
    }

    private final Device device;
    private final Function<BlockId, WeightLocation> locations;
    private final Buffer ring;
    private final WeightUploader uploader;
    private final Resources resources = new Resources();
    private final BlockingQueue<Slot> empty = new LinkedBlockingQueue<>();
    private final BlockingQueue<Slot> filled = new LinkedBlockingQueue<>();
    private final Deque<Slot> taken = new ArrayDeque<>();
    private final @Nullable Thread thread; // null if nothing has to be waited for
    private volatile @Nullable Demand current;
    private volatile boolean closed;
    private volatile @Nullable Throwable end;
    private int next;
    private int ahead; // of the block that the next free slot is for; without a thread

    /**
     * Takes its memory; prefetching starts with the first step.
     *
     * @param locations where the blocks are
     * @param slotBytes of the largest block
     * @param uploader brings them; closed with this
     */
    public WeightPrefetcher(
            Device device,
            Function<BlockId, WeightLocation> locations,
            int slotCount,
            long slotBytes,
            WeightUploader uploader) {
        this.device = device;
        this.locations = locations;
        this.uploader = uploader;
        this.ring = resources.keep(device.allocate("weights on their way", slotCount * slotBytes));
        this.thread = uploader.waits()
                ? Thread.ofPlatform().daemon().name("flexgen-prefetch").unstarted(this::prefetch)
                : null;
        try {
            for (int i = 0; i < slotCount; i++) {
                MemorySegment memory = ring.segment().asSlice(i * slotBytes, slotBytes);
                empty.add(new Slot(memory, resources.keep(device.event()), resources.keep(device.event())));
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /**
     * A step begins. What is already there of its blocks is kept, if the last step had the same.
     *
     * @param blocks in the order in which {@link #take} will ask for them; for steps alike the same list
     */
    public void begin(List<BlockId> blocks) {
        while (!taken.isEmpty()) { // a step that failed or was cancelled
            free();
        }
        Demand running = current;
        if (running != null && isSame(running.blocks, blocks) && next == 0) {
            bringAhead();
            return;
        }
        next = 0;
        current = new Demand(blocks);
        if (thread != null && thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        List<Slot> stale = new ArrayList<>();
        filled.drainTo(stale);
        empty.addAll(stale);
        ahead = 0;
        bringAhead();
        synchronized (this) {
            notifyAll();
        }
    }

    @SuppressWarnings("ReferenceEquality") // lists of a thousand blocks, compared in every step
    private static boolean isSame(List<BlockId> one, List<BlockId> other) {
        return one == other;
    }

    /**
     * Takes the next block. Operations that are queued after this call may use it.
     *
     * @param block the one that the step's list names next
     * @throws dev.flexgen.engine.base.EngineException if it could not be brought
     */
    public MemorySegment take(BlockId block) {
        Demand demand = current;
        if (demand == null || demand.blocks.isEmpty()) {
            throw new IllegalStateException("nothing was to be brought to " + device.name());
        }
        if (!demand.blocks.get(next).equals(block)) {
            throw new IllegalStateException(block + " is taken, but " + demand.blocks.get(next) + " comes next");
        }
        while (true) {
            Slot slot = thread == null ? filled.poll() : nextFilled();
            if (slot == null) {
                throw new IllegalStateException("all slots of the ring are taken");
            }
            if (slot.demand != demand || slot.index != next) { // brought for a step that did not come to use it
                empty.add(slot);
                continue;
            }
            if (slot.failure != null) {
                Throwable failure = slot.failure;
                slot.failure = null;
                current = null; // the next step starts over
                empty.add(slot);
                throw rethrown(failure);
            }
            next = (next + 1) % demand.blocks.size();
            device.stream(StreamRole.COMPUTE).await(slot.arrived);
            taken.addLast(slot);
            return slot.memory;
        }
    }

    /** The block taken first is no longer needed once the operations asked for so far are done. */
    public void release() {
        free();
        bringAhead();
    }

    private void free() {
        Slot slot = taken.removeFirst();
        device.stream(StreamRole.COMPUTE).record(slot.free);
        empty.add(slot);
    }

    /** Where there is no thread, asks for a copy into each free slot. */
    private void bringAhead() {
        Demand demand = current;
        if (thread != null || demand == null || demand.blocks.isEmpty()) {
            return;
        }
        for (Slot slot = empty.poll(); slot != null; slot = empty.poll()) {
            fill(slot, demand, ahead);
            ahead = (ahead + 1) % demand.blocks.size();
        }
    }

    private static RuntimeException rethrown(Throwable failure) {
        if (failure instanceof Error e) {
            throw e;
        }
        return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }

    private Slot nextFilled() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    Slot slot = filled.poll(1, TimeUnit.SECONDS);
                    if (slot != null) {
                        return slot;
                    }
                    if (end != null) {
                        throw new IllegalStateException("the prefetching thread has ended", end);
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void prefetch() {
        try {
            while (!closed) {
                Demand demand = demanded();
                for (int i = 0; !closed && current == demand; i = (i + 1) % demand.blocks.size()) {
                    Slot slot = empty.take();
                    if (closed || current != demand) {
                        empty.add(slot);
                    } else {
                        fill(slot, demand, i);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (Throwable e) { // whoever waits for a block must not wait for ever
            end = e;
        }
    }

    private synchronized Demand demanded() throws InterruptedException {
        Demand demand = current;
        while (demand == null || demand.blocks.isEmpty()) {
            wait();
            demand = current;
        }
        return demand;
    }

    private void fill(Slot slot, Demand demand, int index) {
        slot.demand = demand;
        slot.index = index;
        slot.failure = null;
        try {
            device.stream(StreamRole.WEIGHTS_IN).await(slot.free);
            uploader.bring(locations.apply(demand.blocks.get(index)), slot.memory);
            device.stream(StreamRole.WEIGHTS_IN).record(slot.arrived);
        } catch (Throwable e) { // thrown by take() on the engine's thread
            slot.failure = e;
        }
        filled.add(slot);
    }

    @Override
    public void close() {
        closed = true;
        if (thread != null) {
            thread.interrupt();
            Threads.joinUninterruptibly(thread);
        }
        try {
            uploader.close();
        } finally {
            resources.close();
        }
    }
}
