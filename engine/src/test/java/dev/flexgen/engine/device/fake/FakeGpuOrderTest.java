package dev.flexgen.engine.device.fake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events order the fake GPU's work, and nothing else does. */
@Timeout(30)
class FakeGpuOrderTest {

    private static final int WIDTH = 16;
    private static final int ROUNDS = 4;

    /** An order that a careless program leaves out. */
    private enum Mistake {
        NONE,
        COMPUTES_BEFORE_THE_UPLOAD,
        UPLOADS_BEFORE_THE_SLOT_IS_FREE,
        DOWNLOADS_BEFORE_THE_RESULT,
        COMPUTES_DURING_THE_DOWNLOAD,
        READS_BEFORE_THE_DOWNLOAD,
        WRITES_DURING_THE_UPLOAD
    }

    /** Sums {@code 1 + 2 + ... + ROUNDS} through one slot of memory; the sum after each round. */
    private static List<Float> sums(long seed, Mistake mistake) {
        Ledger ledger = new Ledger();
        List<Float> sums = new ArrayList<>();
        try (FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(4096, seed));
                Buffer host = gpu.allocateHost("host", 4 * WIDTH);
                Buffer results = gpu.allocateHost("results", 4 * WIDTH * ROUNDS);
                Buffer slot = gpu.allocate("slot", 4 * WIDTH);
                Buffer sum = gpu.allocate("sum", 4 * WIDTH);
                Event arrived = gpu.event();
                Event used = gpu.event();
                Event computed = gpu.event();
                Event back = gpu.event()) {
            Stream in = gpu.stream(StreamRole.WEIGHTS_IN);
            Stream compute = gpu.stream(StreamRole.COMPUTE);
            Stream out = gpu.stream(StreamRole.ACTIVATIONS_OUT);
            Rows slotRows = new Rows(slot.segment(), 1, WIDTH);
            Rows sumRows = new Rows(sum.segment(), 1, WIDTH);
            for (int round = 1; round <= ROUNDS; round++) {
                unless(mistake == Mistake.WRITES_DURING_THE_UPLOAD, arrived::join);
                fill(host.segment(), round);
                unless(mistake == Mistake.UPLOADS_BEFORE_THE_SLOT_IS_FREE, () -> in.await(used));
                in.upload(host.segment(), slot.segment());
                in.record(arrived);
                unless(mistake == Mistake.COMPUTES_BEFORE_THE_UPLOAD, () -> compute.await(arrived));
                unless(mistake == Mistake.COMPUTES_DURING_THE_DOWNLOAD, () -> compute.await(back));
                gpu.ops().add(slotRows, sumRows);
                compute.record(used);
                compute.record(computed);
                unless(mistake == Mistake.DOWNLOADS_BEFORE_THE_RESULT, () -> out.await(computed));
                long row = 4L * WIDTH * (round - 1);
                out.download(sum.segment(), results.segment().asSlice(row, 4 * WIDTH));
                out.record(back);
            }
            unless(mistake == Mistake.READS_BEFORE_THE_DOWNLOAD, back::join);
            for (int last = WIDTH - 1; last < WIDTH * ROUNDS; last += WIDTH) {
                sums.add(results.segment().getAtIndex(ValueLayout.JAVA_FLOAT, last));
            }
            for (StreamRole lane : StreamRole.values()) {
                gpu.stream(lane).join();
            }
        }
        assertThat(ledger.report()).isEmpty();
        return sums;
    }

    private static void unless(boolean mistake, Runnable order) {
        if (!mistake) {
            order.run();
        }
    }

    private static void fill(MemorySegment segment, float value) {
        for (int i = 0; i < WIDTH; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
    }

    private static final List<Float> RIGHT = List.of(1f, 3f, 6f, 10f);

    @Test
    void aProgramThatOrdersItsWorkIsRightInEveryOrder() {
        for (long seed = 0; seed < 200; seed++) {
            assertThat(sums(seed, Mistake.NONE)).as("seed " + seed).isEqualTo(RIGHT);
        }
    }

    @Test
    void everyMissingOrderShowsSoon() {
        for (Mistake mistake : Mistake.values()) {
            long wrong = LongStream.range(0, 20)
                    .filter(seed -> !sums(seed, mistake).equals(RIGHT))
                    .count();
            if (mistake != Mistake.NONE) {
                assertThat(wrong).as("seeds that show " + mistake).isGreaterThan(3);
            }
        }
    }

    @Test
    void theSameSeedMakesTheSameMistake() {
        for (Mistake mistake : Mistake.values()) {
            for (long seed = 0; seed < 10; seed++) {
                assertThat(sums(seed, mistake)).as(mistake + " " + seed).isEqualTo(sums(seed, mistake));
            }
        }
    }

    @Test
    void twoThreadsMayAskAtATime() throws InterruptedException {
        int rounds = 300;
        float[] numbers = new float[rounds];
        IntStream.range(0, rounds).forEach(i -> numbers[i] = i);
        for (long seed = 0; seed < 5; seed++) {
            try (FakeGpu gpu = new FakeGpu(new Ledger(), FakeGpuSettings.of(1 << 20, seed));
                    Buffer host = gpu.allocateHost("host", 4L * rounds);
                    Buffer weights = gpu.allocate("weights", 4L * rounds);
                    Buffer sum = gpu.allocate("sum", 4);
                    Event fed = gpu.event()) {
                MemorySegment.copy(numbers, 0, host.segment(), ValueLayout.JAVA_FLOAT, 0, rounds);
                @Nullable RuntimeException[] failure = new RuntimeException[1];
                Thread feeder = new Thread(() -> {
                    try {
                        for (int i = 0; i < rounds; i++) {
                            gpu.stream(StreamRole.WEIGHTS_IN)
                                    .upload(
                                            host.segment().asSlice(4L * i, 4),
                                            weights.segment().asSlice(4L * i, 4));
                            gpu.stream(StreamRole.WEIGHTS_IN).record(fed);
                            if (i % 7 == 0) {
                                fed.join();
                            }
                        }
                    } catch (RuntimeException e) {
                        failure[0] = e;
                    }
                });
                feeder.start();
                Rows total = new Rows(sum.segment(), 1, 1);
                Stream compute = gpu.stream(StreamRole.COMPUTE);
                for (int i = 0; i < rounds; i++) {
                    compute.zero(sum.segment());
                    if (i % 5 == 0) {
                        compute.join();
                    }
                }
                feeder.join();
                assertThat(failure[0]).isNull();
                compute.await(fed);
                for (int i = 0; i < rounds; i++) {
                    gpu.ops().add(new Rows(weights.segment().asSlice(4L * i, 4), 1, 1), total);
                }
                compute.download(sum.segment(), host.segment().asSlice(0, 4));
                compute.join();
                assertThat(host.segment().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(rounds * (rounds - 1) / 2f);
                assertThat(gpu.statistics().operations()).isEqualTo(rounds);
            }
        }
    }
}
