package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostMemory;
import dev.flexgen.engine.memory.Ledger;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies and events, as every device must do them; a device's test extends this. */
public abstract class StreamConformance {

    private final Ledger ledger = new Ledger();
    private Device device;
    private boolean opened;

    /** A device that enters what it holds in {@code ledger}; it is closed after each test. */
    protected abstract Device open(Ledger ledger);

    @BeforeEach
    void openDevice() {
        device = open(ledger);
        opened = true;
    }

    @AfterEach
    void closingGivesEveryByteBack() {
        if (opened) { // a test that was skipped has no device
            device.close();
        }
        assertThat(ledger.report()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 255, 4096, 100_003})
    void copiesMoveTheseBytesAndNoOthers(int bytes) {
        int margin = 5;
        Stream stream = device.stream(StreamRole.COMPUTE);
        try (Buffer source = device.allocateHost("source", bytes + 2L * margin);
                Buffer target = new HostMemory(ledger).allocate("target", bytes + 2L * margin);
                Buffer first = device.allocate("first", bytes + 2L * margin);
                Buffer second = device.allocate("second", bytes + 2L * margin)) {
            byte[] random = new byte[bytes];
            new Random(bytes).nextBytes(random);
            MemorySegment.copy(random, 0, source.segment(), ValueLayout.JAVA_BYTE, margin, bytes);
            stream.upload(source.segment(), second.segment());
            stream.upload(
                    source.segment().asSlice(margin, bytes), first.segment().asSlice(margin, bytes));
            stream.zero(second.segment().asSlice(margin, bytes));
            stream.copy(first.segment().asSlice(margin, bytes), second.segment().asSlice(margin, bytes));
            stream.download(second.segment(), target.segment());
            stream.join();
            assertThat(target.segment().mismatch(source.segment())).isEqualTo(-1);
            stream.zero(second.segment().asSlice(margin, bytes));
            stream.download(second.segment(), target.segment());
            stream.join();
            assertThat(target.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        }
    }

    @Test
    void allocatedMemoryIsZeroed() {
        int bytes = 70_001;
        for (int round = 0; round < 3; round++) {
            try (Buffer buffer = device.allocate("buffer", bytes);
                    Buffer host = device.allocateHost("host", bytes)) {
                assertThat(buffer.segment().byteSize()).isEqualTo(bytes);
                assertThat(host.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
                device.stream(StreamRole.COMPUTE).download(buffer.segment(), host.segment());
                device.stream(StreamRole.COMPUTE).join();
                assertThat(host.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
                host.segment().fill((byte) 1); // for the next round to find
                device.stream(StreamRole.COMPUTE).upload(host.segment(), buffer.segment());
                device.stream(StreamRole.COMPUTE).join();
            }
        }
    }

    /** A ring of two slots through which numbers stream, are summed, and come back, with no order but that of the events. */
    @Test
    void eventsOrderTheLanes() {
        int width = 200_000;
        int rounds = 24;
        long bytes = 4L * width;
        Stream in = device.stream(StreamRole.WEIGHTS_IN);
        Stream compute = device.stream(StreamRole.COMPUTE);
        Stream out = device.stream(StreamRole.ACTIVATIONS_OUT);
        Event[] arrived = {device.event(), device.event()};
        Event[] used = {device.event(), device.event()};
        Event summed = device.event();
        Event back = device.event();
        try (Buffer host = device.allocateHost("host", 2 * bytes);
                Buffer result = device.allocateHost("result", bytes);
                Buffer slots = device.allocate("slots", 2 * bytes);
                Buffer sum = device.allocate("sum", bytes)) {
            Rows total = new Rows(sum.segment(), 1, width);
            float[] numbers = new float[width];
            float expected = 0;
            for (int round = 1; round <= rounds; round++) {
                int slot = round % 2;
                MemorySegment staged = host.segment().asSlice(slot * bytes, bytes);
                MemorySegment there = slots.segment().asSlice(slot * bytes, bytes);
                arrived[slot].join(); // the host may write its half of the ring again
                Arrays.fill(numbers, round);
                staged.copyFrom(MemorySegment.ofArray(numbers));
                in.await(used[slot]);
                in.upload(staged, there);
                in.record(arrived[slot]);
                compute.await(arrived[slot]);
                compute.await(back);
                device.ops().add(new Rows(there, 1, width), total);
                compute.record(used[slot]);
                compute.record(summed);
                out.await(summed);
                out.download(sum.segment(), result.segment());
                out.record(back);
                expected += round;
                if (round % 5 == 0 || round == rounds) {
                    back.join();
                    for (int i = 0; i < width; i += 997) {
                        assertThat(result.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i))
                                .isEqualTo(expected);
                    }
                }
            }
        }
        for (Event event : new Event[] {arrived[0], arrived[1], used[0], used[1], summed, back}) {
            event.close();
        }
    }

    @Test
    void anEventThatWasNeverRecordedIsReached() {
        try (Event event = device.event()) {
            event.join();
            device.stream(StreamRole.COMPUTE).await(event);
            device.stream(StreamRole.COMPUTE).join();
        }
    }

    /** A wait for any later recording would be for ever. */
    @Test
    void whoWaitsWaitsForTheRecordingOfThatMoment() {
        Stream in = device.stream(StreamRole.WEIGHTS_IN);
        Stream compute = device.stream(StreamRole.COMPUTE);
        try (Event ping = device.event();
                Event pong = device.event()) {
            for (int round = 0; round < 10; round++) {
                in.record(ping);
                compute.await(ping);
                compute.record(pong);
                in.await(pong);
                in.record(ping);
                ping.join();
            }
        }
    }
}
