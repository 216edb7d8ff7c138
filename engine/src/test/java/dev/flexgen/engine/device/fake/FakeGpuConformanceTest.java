package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.DeviceConformance;
import dev.flexgen.engine.device.FamilyConformance;
import dev.flexgen.engine.device.Grid;
import dev.flexgen.engine.device.KvConformance;
import dev.flexgen.engine.device.RangeConformance;
import dev.flexgen.engine.device.StreamConformance;
import dev.flexgen.engine.memory.Ledger;
import org.junit.jupiter.api.Nested;

/** The fake GPU computes and copies like any other device. */
class FakeGpuConformanceTest {

    private static final FakeGpuSettings SETTINGS = FakeGpuSettings.of(64 << 20, 11);

    @Nested
    class Operations extends DeviceConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new FakeGpu(ledger, SETTINGS);
        }

        @Override
        protected Grid grid() {
            return Grid.small();
        }
    }

    @Nested
    class Families extends FamilyConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new FakeGpu(ledger, SETTINGS);
        }

        @Override
        protected Grid grid() {
            return Grid.small();
        }
    }

    @Nested
    class Range extends RangeConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new FakeGpu(ledger, SETTINGS);
        }
    }

    /** It cuts what is beyond F16's range at first. */
    @Nested
    class RangeOfNarrowFactors extends RangeConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new FakeGpu(ledger, SETTINGS.withRange(65_504));
        }
    }

    @Nested
    class SealedPages extends KvConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new FakeGpu(ledger, SETTINGS);
        }

        @Override
        protected boolean small() {
            return true;
        }
    }

    @Nested
    class Streams extends StreamConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new FakeGpu(
                    ledger, SETTINGS.withRates(1_000_000_000, 500_000_000).withOperationNanos(10_000));
        }
    }
}
