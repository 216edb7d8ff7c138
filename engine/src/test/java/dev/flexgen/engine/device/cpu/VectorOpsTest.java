package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.OpsConformance;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;

/** The fast CPU operations, on one thread and on more threads than there are cores. */
class VectorOpsTest {

    abstract static class WithThreads extends OpsConformance {
        private final WorkerPool pool;
        private final Ops ops;

        WithThreads(int threads) {
            pool = new WorkerPool(threads);
            ops = new VectorOps(pool);
        }

        @Override
        protected Ops ops() {
            return ops;
        }

        @AfterEach
        void closePool() {
            pool.close();
        }
    }

    @Nested
    class OnOneThread extends WithThreads {
        OnOneThread() {
            super(1);
        }
    }

    @Nested
    class OnThreeThreads extends WithThreads {
        OnThreeThreads() {
            super(3);
        }
    }
}
