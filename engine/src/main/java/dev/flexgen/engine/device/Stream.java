package dev.flexgen.engine.device;

import java.lang.foreign.MemorySegment;

/**
 * Work that a device does in the order in which it was asked for, beside its other streams. Calls return before the work is
 * done; whatever it reads must stay unchanged, and what it writes must stay unread, until an {@link Event} recorded behind it
 * is reached. Used by one thread at a time, except {@link StreamRole#WEIGHTS_IN}: the thread that prefetches and the engine's, which
 * fetches what it needs on demand, both copy there.
 *
 * <p>Host memory that the device did not {@linkplain Device#allocateHost allocate} may be copied too; the call may then block
 * until the copy is done.
 */
public interface Stream {

    /** Copies all of {@code host} to {@code device}, which has the same size. */
    void upload(MemorySegment host, MemorySegment device);

    /** Copies all of {@code device} to {@code host}, which has the same size. */
    void download(MemorySegment device, MemorySegment host);

    /** Copies within the device's memory; both have the same size and do not overlap. */
    void copy(MemorySegment from, MemorySegment to);

    /** Writes zeros to the device's memory. */
    void zero(MemorySegment memory);

    /** Marks the end of the work asked for so far. */
    void record(Event event);

    /** Work asked for from now on begins when the event is reached; the caller does not wait. */
    void await(Event event);

    /** Blocks until everything asked for is done: for loading, closing and failing, never in the middle of a step. */
    void join();
}
