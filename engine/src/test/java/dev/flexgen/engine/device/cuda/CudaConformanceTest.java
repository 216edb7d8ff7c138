package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.DeviceConformance;
import dev.flexgen.engine.device.ExpertConformance;
import dev.flexgen.engine.device.FamilyConformance;
import dev.flexgen.engine.device.KvConformance;
import dev.flexgen.engine.device.RangeConformance;
import dev.flexgen.engine.device.StreamConformance;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The GPU computes and copies like any other device, with cuBLAS and without it. */
@Tag("gpu")
class CudaConformanceTest {

    /**
     * Many tokens are multiplied by tensor cores, which take 16-bit activations: 8 bits of a BF16, 11 of an F16. Integers of groups
     * are not around zero, and the tensor cores' sums of their exact products are cut off rather than rounded.
     */
    static double roundingOf(Encoding encoding, int tokens) {
        if (tokens <= CudaSkinnyMatmul.MOST) {
            return encoding instanceof Encoding.Grouped ? 2e-5 : 0;
        }
        return switch (encoding) {
            case Encoding.Plain plain ->
                switch (plain.dtype()) {
                    case F32 -> 0;
                    case F16 -> 2e-3;
                    case BF16 -> 1e-2;
                };
            case Encoding.Grouped grouped -> 4e-3; // the weights are rounded, too
        };
    }

    @Nested
    class WithCublas extends DeviceConformance {
        @Override
        protected Device open(Ledger ledger) {
            return TestGpus.open(ledger);
        }

        @Override
        protected double rounding(Encoding encoding, int tokens) {
            return roundingOf(encoding, tokens);
        }
    }

    @Nested
    class WithoutCublas extends WithCublas {
        @Override
        protected Device open(Ledger ledger) {
            return withoutCublas(ledger);
        }
    }

    private static Device withoutCublas(Ledger ledger) {
        ledger.cap(Tier.GPU, 1500L << 20); // too little for cuBLAS to be worth its memory
        return TestGpus.open(ledger);
    }

    @Nested
    class Families extends FamilyConformance {
        @Override
        protected Device open(Ledger ledger) {
            return TestGpus.open(ledger);
        }

        @Override
        protected double rounding(int rows) {
            return roundingOf(Encoding.F16, rows);
        }
    }

    @Nested
    class Range extends RangeConformance {
        @Override
        protected Device open(Ledger ledger) {
            return TestGpus.open(ledger);
        }

        /** Weights in groups are rounded to F16 before they meet such numbers, for up to 16 rows too. */
        @Override
        protected double rounding(Encoding encoding, int tokens) {
            double usual = roundingOf(encoding, tokens);
            return encoding instanceof Encoding.Grouped ? Math.max(usual, 1e-4) : usual;
        }
    }

    @Nested
    class RangeWithoutCublas extends Range {
        @Override
        protected Device open(Ledger ledger) {
            return withoutCublas(ledger);
        }
    }

    @Nested
    class Experts extends ExpertConformance {
        @Override
        protected Device open(Ledger ledger) {
            return TestGpus.open(ledger);
        }

        @Override
        protected List<Encoding> encodings() {
            return List.of(Encoding.Q3, Encoding.Q4, Encoding.Q8);
        }

        @Override
        protected int[] tokens() {
            return new int[] {1, 2, 5, 16, 17, 40};
        }

        @Override
        protected boolean manyRows() {
            return true;
        }

        @Override
        protected boolean cutExperts() {
            return false;
        }
    }

    @Nested
    class SealedPages extends KvConformance {
        @Override
        protected Device open(Ledger ledger) {
            return TestGpus.open(ledger);
        }

        @Override
        protected double rounding(int rows) {
            return 2 * roundingOf(Encoding.F16, rows); // of queries, and of keys and values as they are widened
        }
    }

    @Nested
    class Streams extends StreamConformance {
        @Override
        protected Device open(Ledger ledger) {
            return TestGpus.open(ledger);
        }
    }
}
