package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.DeviceConformance;
import dev.flexgen.engine.memory.Ledger;
import org.junit.jupiter.api.Nested;

/** The fast CPU operations, on one thread and on more threads than there are cores. */
class VectorOpsTest {

    @Nested
    class OnOneThread extends DeviceConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }
    }

    @Nested
    class OnThreeThreads extends DeviceConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(3));
        }
    }
}
