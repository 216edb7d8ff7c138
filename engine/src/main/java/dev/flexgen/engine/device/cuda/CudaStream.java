package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Stream;
import java.lang.foreign.MemorySegment;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.jspecify.annotations.Nullable;

/**
 * A driver's stream that no other stream waits for unless told. Several threads may ask for copies at the same time: where a plan
 * streams some weights and fetches others on demand, the prefetching thread and the engine's do.
 */
final class CudaStream implements Stream {

    private final Driver driver;
    private final CUstream_st handle = new CUstream_st();
    private final Address host = new Address();
    private @Nullable KernelCopies kernelCopies;
    private boolean endsWithKernel;

    CudaStream(Driver driver) {
        this.driver = driver;
        driver.use();
        driver.check("cuStreamCreate", cudart.cuStreamCreate(handle, cudart.CU_STREAM_NON_BLOCKING));
    }

    /** For work other than that of {@link #kernelLaunched}. */
    synchronized CUstream_st handle() {
        endsWithKernel = false;
        return handle;
    }

    /** The last work asked for is one of our kernels that know how to begin early. */
    synchronized void kernelLaunched() {
        endsWithKernel = true;
    }

    /** Whether nothing was asked for since {@link #kernelLaunched}. */
    synchronized boolean endsWithKernel() {
        return endsWithKernel;
    }

    /** From now on, uploads that a kernel can do do not queue for the copy engine. */
    synchronized void copyBy(KernelCopies copies) {
        kernelCopies = copies;
    }

    @Override
    public synchronized void upload(MemorySegment from, MemorySegment to) {
        requireSameSize(from, to);
        if (kernelCopies != null && kernelCopies.upload(from, to, this)) {
            return;
        }
        driver.use();
        driver.check(
                "cuMemcpyHtoDAsync", cudart.cuMemcpyHtoDAsync(to.address(), host.of(from), from.byteSize(), handle()));
    }

    @Override
    public synchronized void download(MemorySegment from, MemorySegment to) {
        requireSameSize(from, to);
        driver.use();
        driver.check(
                "cuMemcpyDtoHAsync", cudart.cuMemcpyDtoHAsync(host.of(to), from.address(), from.byteSize(), handle()));
    }

    @Override
    public synchronized void copy(MemorySegment from, MemorySegment to) {
        requireSameSize(from, to);
        driver.use();
        driver.check(
                "cuMemcpyDtoDAsync", cudart.cuMemcpyDtoDAsync(to.address(), from.address(), from.byteSize(), handle()));
    }

    private static void requireSameSize(MemorySegment from, MemorySegment to) {
        if (from.byteSize() != to.byteSize()) {
            throw new IllegalArgumentException("copy of " + from.byteSize() + " bytes to " + to.byteSize());
        }
    }

    @Override
    public synchronized void zero(MemorySegment memory) {
        driver.use();
        driver.check(
                "cuMemsetD8Async", cudart.cuMemsetD8Async(memory.address(), (byte) 0, memory.byteSize(), handle()));
    }

    @Override
    public synchronized void record(Event event) {
        driver.use();
        driver.check("cuEventRecord", cudart.cuEventRecord(((CudaEvent) event).handle(), handle()));
    }

    @Override
    public synchronized void await(Event event) {
        if (event instanceof CudaEvent other) {
            driver.use();
            driver.check("cuStreamWaitEvent", cudart.cuStreamWaitEvent(handle(), other.handle(), 0));
        } else {
            event.join();
        }
    }

    @Override
    public void join() {
        driver.use();
        driver.check("cuStreamSynchronize", cudart.cuStreamSynchronize(handle));
    }

    /** After everything that uses it. */
    void close() {
        cudart.cuCtxSetCurrent(driver.context());
        cudart.cuStreamDestroy(handle); // an earlier failure of the context has been reported
    }
}
