package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.AllocationPolicy;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostHeadroom;
import dev.flexgen.engine.memory.HostPages;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.SmallBuffers;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;

/** Memory of one GPU, and the host memory from which it copies by itself, both entered in the ledger. Any thread. */
final class CudaMemory {

    /** The driver allocates multiples of this. */
    static final long UNIT = 2 << 20;

    /** Smaller ones share a unit. */
    private static final long LARGE = 1 << 20;

    static final AllocationPolicy POLICY = new AllocationPolicy(UNIT, LARGE);

    private static final long PAGE = 4096;

    private static final int PORTABLE = 1;

    /** Below this, the driver's own allocator is quick enough. */
    private static final long LARGE_HOST = 8L << 20;

    private final Driver driver;
    private final Ledger ledger;
    private final Optional<HostPages> pages;
    private final PageLocks locks;
    private final SmallBuffers small = new SmallBuffers(this::unit);

    CudaMemory(Driver driver, Ledger ledger, PageLocks locks) {
        this.locks = locks;
        this.driver = driver;
        this.ledger = ledger;
        // On every system with unified addresses that is so: the GPU reads such memory under the address that Java
        // knows.
        boolean sameAddress = driver.attribute(cudart.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM) != 0;
        this.pages = sameAddress ? HostPages.ofThisSystem() : Optional.empty();
    }

    /** Contents are whatever was there. */
    Buffer allocate(String owner, long bytes) {
        if (POLICY.isSmall(bytes)) {
            return Buffer.take(ledger, Tier.GPU, owner, 0, () -> small.take(bytes));
        }
        return Buffer.take(ledger, Tier.GPU, owner, POLICY.rounded(bytes), () -> take(owner, bytes));
    }

    private Buffer unit() {
        return Buffer.take(ledger, Tier.GPU, "small buffers", UNIT, () -> take("small buffers", UNIT));
    }

    private Buffer.Memory take(String owner, long bytes) {
        driver.use();
        long[] address = new long[1];
        int code = cudart.cuMemAlloc(address, bytes);
        if (code == cudart.CUDA_ERROR_OUT_OF_MEMORY) {
            throw EngineException.placement(
                    owner + " needs " + Bytes.format(bytes) + " on " + driver.name()
                            + ", but the driver has only " + Bytes.format(driver.freeBytes())
                            + " free; another program may have taken memory meanwhile: close it, or allow less with --gpu-memory");
        }
        driver.check("cuMemAlloc", code);
        long start = address[0];
        return new Buffer.Memory(segment(start, bytes), () -> free(start));
    }

    @SuppressWarnings("restricted") // the driver has just given this memory; a device address is never followed here
    private static MemorySegment segment(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private void free(long address) {
        cudart.cuCtxSetCurrent(driver.context());
        cudart.cuMemFree(address); // an earlier failure of the context has been reported
    }

    /** Page-locked and zeroed. */
    Buffer allocateHost(String owner, long bytes) {
        return Buffer.take(ledger, Tier.HOST, owner, bytes, () -> lock(owner, bytes));
    }

    private Buffer.Memory lock(String owner, long bytes) {
        driver.use();
        Buffer.Memory memory = lockPages(bytes).orElseGet(() -> lockByDriver(owner, bytes));
        long start = memory.segment().address();
        locks.add(start, bytes);
        return new Buffer.Memory(memory.segment(), () -> {
            locks.remove(start);
            memory.release().run();
        });
    }

    /** The driver is slow to find memory and slower to zero it: large buffers are found by us and only locked by it. */
    private Optional<Buffer.Memory> lockPages(long bytes) {
        if (bytes < LARGE_HOST || bytes > HostHeadroom.usableBytes(true).orElse(0)) {
            return Optional.empty();
        }
        Arena arena = Arena.ofShared();
        Optional<MemorySegment> taken = pages.flatMap(it -> it.take(bytes, arena));
        taken.ifPresent(HostPages::touch);
        int flags = PORTABLE | cudart.CU_MEMHOSTREGISTER_DEVICEMAP;
        if (taken.isEmpty()
                || cudart.cuMemHostRegister(new Address().of(taken.get()), bytes, flags) != cudart.CUDA_SUCCESS) {
            arena.close();
            return Optional.empty();
        }
        MemorySegment segment = taken.get();
        return Optional.of(new Buffer.Memory(segment, () -> {
            cudart.cuCtxSetCurrent(driver.context());
            cudart.cuMemHostUnregister(
                    new Address().of(segment)); // an earlier failure of the context has been reported
            arena.close();
        }));
    }

    private static boolean isRefusal(int code) {
        return code == cudart.CUDA_ERROR_OUT_OF_MEMORY
                || code == cudart.CUDA_ERROR_OPERATING_SYSTEM
                || code == cudart.CUDA_ERROR_NOT_PERMITTED
                || code == cudart.CUDA_ERROR_INVALID_VALUE;
    }

    private Buffer.Memory lockByDriver(String owner, long bytes) {
        Pointer memory = new Pointer();
        // Small ones begin anywhere in a page, but direct reads from a disk want whole pages.
        int code = cudart.cuMemHostAlloc(memory, bytes + PAGE, PORTABLE);
        if (isRefusal(code)) {
            throw EngineException.placement(
                    "The system refuses " + Bytes.format(bytes) + " of page-locked host memory for "
                            + owner + " (cuMemHostAlloc: " + Driver.describe(code)
                            + "); close other programs, or raise the limit with 'ulimit -l unlimited'");
        }
        driver.check("cuMemHostAlloc", code);
        long start = memory.address();
        MemorySegment segment = segment(Math.ceilDiv(start, PAGE) * PAGE, bytes);
        segment.fill((byte) 0); // the driver may give what was given back before
        return new Buffer.Memory(segment, () -> unlock(start));
    }

    /** Whether the GPU can read it by itself: whether it is part of what {@link #allocateHost} of this or another GPU gave. */
    boolean isPageLocked(MemorySegment host) {
        return locks.cover(host);
    }

    private void unlock(long address) {
        cudart.cuCtxSetCurrent(driver.context());
        cudart.cuMemFreeHost(new Address().of(address)); // an earlier failure of the context has been reported
    }
}
