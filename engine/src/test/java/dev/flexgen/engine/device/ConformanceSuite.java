package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.memory.Ledger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;

/** What suites for devices have in common: a device for each test, operands on it and beside it, and every byte given back. */
abstract class ConformanceSuite {

    private static final long BYTES = 24 << 20;

    private final Ledger ledger = new Ledger();
    private boolean opened;
    Device device;
    TwinMemory memory;

    /** A device that enters what it holds in {@code ledger}; it is closed after each test. */
    protected abstract Device open(Ledger ledger);

    @BeforeEach
    void openDevice() {
        device = open(ledger);
        memory = new TwinMemory(device, BYTES);
        opened = true;
    }

    @AfterEach
    void closingGivesEveryByteBack() {
        if (opened) { // a test that was skipped has no device
            memory.close();
            device.close();
            opened = false;
        }
        assertThat(ledger.report()).isEmpty();
    }

    /** A case with operands of its own. */
    DynamicTest test(String name, Consumer<RandomOperands> body) {
        return DynamicTest.dynamicTest(name, () -> {
            memory.clear();
            body.accept(new RandomOperands(memory, 3, matrixOffset()));
        });
    }

    /** A case that finds a device for which nothing was done yet. */
    DynamicTest fresh(String name, Consumer<RandomOperands> body) {
        return DynamicTest.dynamicTest(name, () -> {
            closingGivesEveryByteBack();
            openDevice();
            body.accept(new RandomOperands(memory, 3, matrixOffset()));
        });
    }

    /** Bytes by which matrices miss the alignment that memory has. */
    int matrixOffset() {
        return 0;
    }
}
