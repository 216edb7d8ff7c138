package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Event;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;

/** A driver's event, without timing. */
final class CudaEvent implements Event {

    private final Driver driver;
    private final CUevent_st handle = new CUevent_st();
    private boolean closed;

    CudaEvent(Driver driver) {
        this.driver = driver;
        driver.use();
        driver.check("cuEventCreate", cudart.cuEventCreate(handle, cudart.CU_EVENT_DISABLE_TIMING));
    }

    CUevent_st handle() {
        return handle;
    }

    @Override
    public void join() {
        driver.use();
        driver.check("cuEventSynchronize", cudart.cuEventSynchronize(handle));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            cudart.cuCtxSetCurrent(driver.context());
            cudart.cuEventDestroy(handle); // an earlier failure of the context has been reported
        }
    }
}
