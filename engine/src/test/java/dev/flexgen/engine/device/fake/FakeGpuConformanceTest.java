package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.DeviceConformance;
import dev.flexgen.engine.device.Grid;
import dev.flexgen.engine.memory.Ledger;

/** The fake GPU computes like any other device. */
class FakeGpuConformanceTest extends DeviceConformance {

    @Override
    protected Device open(Ledger ledger) {
        return new FakeGpu(ledger, FakeGpuSettings.of(64 << 20, 11));
    }

    @Override
    protected Grid grid() {
        return Grid.small();
    }
}
