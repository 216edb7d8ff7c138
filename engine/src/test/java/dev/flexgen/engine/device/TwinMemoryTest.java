package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Ledger;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the conformance suite compares with sees what a bad kernel does. */
class TwinMemoryTest {

    private final Device device = new CpuDevice(new Ledger(), new WorkerPool(1));
    private final TwinMemory memory = new TwinMemory(device, 1 << 16);
    private final MemorySegment room = memory.allocate(256);
    private final RandomOperands operands = new RandomOperands(memory, 1);
    private final Rows in = operands.rows(3, 5);
    private final Rows out = new Rows(room.asSlice(0, in.bytes()), 3, 5);

    @AfterEach
    void close() {
        memory.close();
        device.close();
    }

    /** A copy, and then what a bad device does. */
    private void run(Consumer<Side> mischief) {
        memory.same(List.of(out), new Tolerance(1), (ops, at) -> {
            ops.copy(at.of(in), at.of(out));
            if (!(ops instanceof ScalarOps)) {
                mischief.accept(at);
            }
        });
    }

    private void isSeen(Consumer<Side> mischief) {
        assertThatThrownBy(() -> run(mischief)).isInstanceOf(AssertionError.class);
    }

    @Test
    void aRightResultPasses() {
        run(at -> {});
        run(at -> at.of(out).data().setAtIndex(ValueLayout.JAVA_FLOAT, 0, nudged(1e-7f)));
    }

    @Test
    void wrongNumbersAreSeen() {
        isSeen(at -> at.of(out).data().setAtIndex(ValueLayout.JAVA_FLOAT, 0, nudged(1e-4f)));
        isSeen(at -> at.of(out).data().setAtIndex(ValueLayout.JAVA_FLOAT, 14, Float.NaN));
        isSeen(at -> at.of(out).data().setAtIndex(ValueLayout.JAVA_FLOAT, 14, Float.POSITIVE_INFINITY));
    }

    @Test
    void aByteWrittenElsewhereIsSeen() {
        isSeen(at -> at.of(in).data().setAtIndex(ValueLayout.JAVA_FLOAT, 0, nudged(1e-7f)));
        isSeen(at -> at.of(room).set(ValueLayout.JAVA_BYTE, in.bytes(), (byte) 0));
        isSeen(at -> at.of(room).set(ValueLayout.JAVA_BYTE, 255, (byte) 0));
    }

    @Test
    void slackIsByRow() {
        double[] slack = {0, 0.5, 0};
        for (int row = 0; row < 3; row++) {
            int index = 5 * row;
            Runnable run = () -> memory.same(List.of(out), new Tolerance(1, slack), (ops, at) -> {
                ops.copy(at.of(in), at.of(out));
                if (!(ops instanceof ScalarOps)) {
                    MemorySegment result = at.of(out).data();
                    float right = result.getAtIndex(ValueLayout.JAVA_FLOAT, index);
                    result.setAtIndex(ValueLayout.JAVA_FLOAT, index, right + 0.4f);
                }
            });
            if (row == 1) {
                run.run();
            } else {
                assertThatThrownBy(run::run).isInstanceOf(AssertionError.class);
            }
        }
    }

    private float nudged(float difference) {
        return in.data().getAtIndex(ValueLayout.JAVA_FLOAT, 0) + difference;
    }
}
