package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.DeviceConformance;
import dev.flexgen.engine.device.ExpertConformance;
import dev.flexgen.engine.device.FamilyConformance;
import dev.flexgen.engine.device.KvConformance;
import dev.flexgen.engine.device.RangeConformance;
import dev.flexgen.engine.device.StreamConformance;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The processor's operations, on one thread and on more threads than there are cores, and its copies. */
class CpuDeviceTest {

    /** What does not depend on the width of vectors; engine/pom.xml leaves it out where widths are tried. */
    private static final String THREADS = "threads";

    private static final List<Encoding> IN_GROUPS =
            Encoding.ALL.stream().filter(Encoding.Grouped.class::isInstance).toList();

    /** The last so many that a step has more rows than any expert may. */
    private static final int[] EXPERT_ROWS = {1, 2, 3, 5, 16, 22};

    @Nested
    class OperationsOnOneThread extends DeviceConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }

        @Override
        protected double rounding(Encoding encoding, int tokens) {
            return roundingOf(encoding);
        }
    }

    /** Integers of a group are not centred: their sums are larger than the result, which the group's offset makes smaller. */
    private static double roundingOf(Encoding encoding) {
        return encoding instanceof Encoding.Grouped ? 1e-5 : 0;
    }

    @Nested
    @Tag(THREADS)
    class OperationsOnThreeThreads extends DeviceConformance {

        private static final WorkerPool POOL = new WorkerPool(3);

        @AfterAll
        static void endThreads() {
            POOL.close();
        }

        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, POOL);
        }

        @Override
        protected double rounding(Encoding encoding, int tokens) {
            return roundingOf(encoding);
        }
    }

    @Nested
    class Families extends FamilyConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }
    }

    @Nested
    class Range extends RangeConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }

        @Override
        protected double rounding(Encoding encoding, int tokens) {
            return roundingOf(encoding);
        }
    }

    @Nested
    class ExpertsOnOneThread extends ExpertConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }

        @Override
        protected List<Encoding> encodings() {
            return IN_GROUPS;
        }

        @Override
        protected int[] tokens() {
            return EXPERT_ROWS;
        }
    }

    @Nested
    @Tag(THREADS)
    class ExpertsOnThreeThreads extends ExpertConformance {

        private static final WorkerPool POOL = new WorkerPool(3);

        @AfterAll
        static void endThreads() {
            POOL.close();
        }

        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, POOL);
        }

        @Override
        protected List<Encoding> encodings() {
            return IN_GROUPS;
        }

        @Override
        protected int[] tokens() {
            return EXPERT_ROWS;
        }
    }

    @Nested
    class SealedPages extends KvConformance {
        @Override
        protected Device open(Ledger ledger) {
            return new CpuDevice(ledger, new WorkerPool(1));
        }
    }

    @Test
    void closingLeavesThePoolToItsOwner() {
        try (WorkerPool pool = new WorkerPool(2)) {
            new CpuDevice(new Ledger(), pool).close();
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            for (int i = 0; i < 1000 && threads.size() < 2; i++) {
                pool.run(2, (part, worker) -> {
                    threads.add(Thread.currentThread());
                    LockSupport.parkNanos(1_000_000);
                });
            }
            assertThat(threads).hasSize(2);
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
