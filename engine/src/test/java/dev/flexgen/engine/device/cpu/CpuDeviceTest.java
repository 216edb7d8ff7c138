package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.DeviceConformance;
import dev.flexgen.engine.device.StreamConformance;
import dev.flexgen.engine.memory.Ledger;
import org.junit.jupiter.api.Nested;

/** The processor's operations, on one thread and on more threads than there are cores, and its copies. */
class CpuDeviceTest {

    @Nested
    class OperationsOnOneThread extends DeviceConformance {
        @Override
        protected int alikeRows() {
            return 1; // kernels and their tiles change with the number of rows
        }

        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }
    }

    @Nested
    class OperationsOnThreeThreads extends DeviceConformance {
        @Override
        protected int alikeRows() {
            return VectorOps.MANY - 1;
        }

        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(3));
        }
    }

    @Nested
    class Streams extends StreamConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }
    }
}
