package dev.flexgen.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvLayout.Slot;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageCodec;
import dev.flexgen.engine.quant.PageFormat;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What tokens of a cache with sealed pages attend over is what was written for them, whatever was taken back in between. */
class SealingCacheTest {

    private static final int DIM = 5;
    private static final int HEADS = 3;
    private static final int STEP = 200;
    private static final int[][] SLOTS = {{0, 0}, {1, 0}, {1, 1}};

    private final Ledger ledger = new Ledger();
    private final Device device = new CpuDevice(ledger, new WorkerPool(1));
    private final KvLayout layout = layout(KvEncoding.Q4);
    private final KvStaging staging = new KvStaging(layout, STEP);

    private KvLayout layout(KvEncoding encoding) {
        return new KvLayout(
                encoding,
                DIM,
                List.of(List.of(new Slot(device, HEADS)), List.of(new Slot(device, 1), new Slot(device, HEADS - 1))));
    }

    @AfterEach
    void nothingIsLeft() {
        staging.close();
        device.close();
        assertThat(ledger.report()).isEmpty();
    }

    /** A cache, and the mark with which each of its tokens was written. */
    private record Text(KvCache cache, List<Float> marks) implements AutoCloseable {

        Text fork() {
            return new Text(cache.fork(), new ArrayList<>(marks));
        }

        int truncate(int length) {
            int kept = cache.truncate(length);
            marks.subList(kept, marks.size()).clear();
            return kept;
        }

        @Override
        public void close() {
            cache.close();
        }
    }

    private Text text(int keptTokens) {
        return new Text(new KvCache(layout, staging, keptTokens), new ArrayList<>());
    }

    /** A step as the executor makes it; one that is not completed must leave no trace. */
    private void step(Text text, int tokens, float mark, boolean completed) {
        KvCache cache = text.cache();
        staging.begin();
        cache.reserve(tokens);
        List<Float> marks = new ArrayList<>(text.marks());
        for (int i = 0; i < tokens; i++) {
            marks.add((mark + i) % 16);
        }
        for (int[] slot : SLOTS) {
            KvSequence written = cache.appending(slot[0], slot[1], tokens);
            for (int t = 0; t < tokens; t++) {
                write(written.cache(), written.position() + t, marks.get(written.position() + t) + slot[0]);
            }
            List<KvSealing> sealing = cache.sealing(slot[0], slot[1]);
            device.ops().seal(sealing);
            for (KvSequence part : cache.attending(slot[0], slot[1], tokens)) {
                assertThat(part.cache().sealedBlocks()).isEqualTo(part.position() / 64);
                assertThat((part.length() - 1) / 64).isEqualTo(part.position() / 64);
                for (int position = 0; position < part.length(); position++) {
                    assertReads(part.cache(), position, marks.get(position) + slot[0]);
                }
            }
        }
        if (completed) {
            cache.advance(tokens);
            text.marks().clear();
            text.marks().addAll(marks);
        }
    }

    private static void write(KvView view, int position, float value) {
        assertThat(view.isSealed(view.block(position))).isFalse();
        for (int head = 0; head < view.heads(); head++) {
            for (int d = 0; d < DIM; d++) {
                long offset = view.offset(head, position) + 2L * d;
                short key = Float.floatToFloat16(value + head + d);
                short number = Float.floatToFloat16(-value - head);
                view.keys().get(view.block(position)).set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, key);
                view.values().get(view.block(position)).set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, number);
            }
        }
    }

    /** Marks are whole numbers from 0 to 15, so that a sealed page may hold them with a small error. */
    private static void assertReads(KvView view, int position, float value) {
        for (int head = 0; head < view.heads(); head++) {
            float key = value + head + DIM - 1;
            if (Math.abs(key(view, head, position) - key) > 0.05
                    || Math.abs(value(view, head, position) + value + head) > 0.05) {
                assertThat(List.of(key(view, head, position), value(view, head, position)))
                        .as("position %d", position)
                        .containsExactly(key, -value - head);
            }
        }
    }

    private static float key(KvView view, int head, int position) {
        var memory = view.keys().get(view.block(position));
        if (!view.isSealed(view.block(position))) {
            long at = view.offset(head, position) + 2 * (DIM - 1);
            return Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
        }
        int bytes = PageFormat.Q4.keyBytes(DIM);
        return new PageCodec(PageFormat.Q4, DIM)
                .key(memory.asSlice((long) head * bytes, bytes), position % 64, DIM - 1);
    }

    private static float value(KvView view, int head, int position) {
        var memory = view.values().get(view.block(position));
        if (!view.isSealed(view.block(position))) {
            return Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, view.offset(head, position)));
        }
        int bytes = PageFormat.Q4.valueBytes(DIM);
        return new PageCodec(PageFormat.Q4, DIM).value(memory.asSlice((long) head * bytes, bytes), position % 64, 0);
    }

    @Test
    void stepsOfAnyLengthAroundPageEndsAttendOverWhatWasWritten() {
        for (int first : new int[] {1, 5, 63, 64, 65, 127, 128, 129, 192, 200}) {
            for (int second : new int[] {1, 2, 16, 63, 64, 65, 128, 200}) {
                try (Text text = text(0)) {
                    step(text, first, 3, true);
                    step(text, second, 8, true);
                    step(text, 1, 5, true);
                    assertThat(text.cache().length()).isEqualTo(first + second + 1);
                }
            }
        }
    }

    @Test
    void theTokensOfAShortStepCanBeTakenBackToTheLast() {
        for (int length : new int[] {50, 63, 64, 65, 120, 127, 128, 150}) {
            for (int drafted : new int[] {1, 8, 16}) {
                for (int accepted = 0; accepted <= drafted; accepted++) {
                    try (Text text = text(300)) {
                        step(text, length, 0, true);
                        step(text, drafted, 7, true);
                        assertThat(text.truncate(length + accepted)).isEqualTo(length + accepted);
                        step(text, 3, 11, true);
                        step(text, 70, 1, true);
                    }
                }
            }
        }
    }

    @Test
    void truncatingIntoASealedPageSaysWhatHasToBeComputedAgain() {
        try (Text text = text(400)) {
            step(text, 200, 0, true);
            step(text, 190, 0, true);
            assertThat(text.truncate(130)).isEqualTo(128);
            step(text, 2, 9, true);
            assertThat(text.truncate(129)).isEqualTo(129);
            assertThat(text.truncate(128)).isEqualTo(128);
            assertThat(text.truncate(64)).isEqualTo(64);
            assertThat(text.truncate(63)).isZero();
            step(text, 100, 4, true);
        }
    }

    @Test
    void roomForTheWholeSequenceIsTakenAtOnce() {
        long shared = ledger.bytes(Tier.HOST);
        for (int tokens : new int[] {1, 63, 64, 65, 128, 129, 300}) {
            long taken;
            try (Text text = text(tokens)) {
                taken = ledger.bytes(Tier.HOST);
                for (int round = 0; round < 2; round++) {
                    for (int left = tokens; left > 0; left -= STEP) {
                        step(text, Math.min(left, STEP), left, true);
                    }
                    assertThat(ledger.bytes(Tier.HOST)).as("%d tokens", tokens).isEqualTo(taken);
                    text.truncate(0);
                    for (int i = 0; i < Math.min(tokens, 140); i++) {
                        step(text, 1, i, true);
                    }
                    assertThat(ledger.bytes(Tier.HOST)).isEqualTo(taken);
                    text.truncate(0);
                    assertThat(ledger.bytes(Tier.HOST)).isEqualTo(taken);
                }
            }
            assertThat(ledger.bytes(Tier.HOST)).isEqualTo(shared);
            try (Resources counted = new Resources()) {
                KvCache.takeRoom(layout, tokens, counted);
                assertThat(ledger.bytes(Tier.HOST)).isEqualTo(taken);
            }
        }
    }

    @Test
    void sealedPagesTakeThirtyPercentOfOpenOnes() {
        KvLayout wide = new KvLayout(KvEncoding.Q4, 64, List.of(List.of(new Slot(device, 2))));
        long page = 2L * 2 * 64 * 64 * 2;
        long before = ledger.bytes(Tier.HOST);
        try (KvCache cache = new KvCache(wide, staging, 32 * 64)) {
            assertThat(cache.length()).isZero();
            assertThat(ledger.bytes(Tier.HOST) - before).isEqualTo(2 * page + 31 * page * 9 / 32);
        }
    }

    @Test
    void aCacheThatFindsNoRoomTakesNone() {
        Ledger small = new Ledger();
        try (WorkerPool pool = new WorkerPool(1);
                Device full = new CpuDevice(small, pool)) {
            small.cap(Tier.HOST, 100_000);
            KvLayout wide = new KvLayout(KvEncoding.Q4, 64, List.of(List.of(new Slot(full, 2))));
            assertThatThrownBy(() -> new KvCache(wide, staging, 32 * 64)).hasMessageContaining("KV cache");
            assertThat(small.report()).isEmpty();
        }
    }

    @Test
    void aRandomWalkOfStepsTruncationsAndForksReadsWhatWasWritten() {
        Random random = new Random(7);
        for (int walk = 0; walk < 30; walk++) {
            List<Text> texts = new ArrayList<>(List.of(text(walk % 2 * 500)));
            for (int i = 0; i < 40; i++) {
                Text text = texts.get(random.nextInt(texts.size()));
                int length = text.cache().length();
                switch (random.nextInt(6)) {
                    case 0 -> {
                        int wanted = random.nextInt(length + 1);
                        assertThat(text.truncate(wanted)).isBetween(Math.max(0, wanted - 63), wanted);
                    }
                    case 1 -> text.truncate(Math.max(0, length - random.nextInt(20)));
                    case 2 -> {
                        if (texts.size() < 3) {
                            texts.add(text.fork());
                        } else {
                            texts.remove(text);
                            text.close();
                        }
                    }
                    case 3 -> step(text, 1 + random.nextInt(STEP), random.nextInt(16), random.nextInt(3) > 0);
                    default -> step(text, 1 + random.nextInt(16), random.nextInt(16), random.nextInt(5) > 0);
                }
            }
            texts.forEach(Text::close);
        }
    }
}
