package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is launched; what the kernels compute is {@code OpsConformance}'s to check, on a GPU. */
class CudaOpsTest {

    private final Arena arena = Arena.ofConfined();
    private final AllLaunches operands = new AllLaunches(arena);

    @AfterEach
    void close() {
        arena.close();
    }

    private final MemorySegment noted = arena.allocate(RangeWatch.BYTES, 8);

    private CudaOps ops(RecordingLauncher launcher, @Nullable MatrixProduct product) {
        MemorySegment scratch = arena.allocate(DeviceScratch.MIN_BYTES, 256);
        return new CudaOps(launcher, product, scratch, new RangeWatch(noted), arena);
    }

    @Test
    void afterANumberBeyondF16sRangeOtherKernelsTakeF16() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        assertThat(ops.mustRepeat()).isFalse();
        noted.set(ValueLayout.JAVA_INT, 0, 1); // as a kernel does
        assertThat(ops.mustRepeat()).isTrue();
        assertThat(ops.mustRepeat()).isFalse();
        Matrix matrix = operands.matrix(Encoding.F16, 64, 48);
        Linear linear = new Linear(matrix, operands.rows(1, 64).data());
        Rows few = operands.rows(2, 48);
        Rows many = operands.rows(20, 48);
        Rows out = operands.rows(20, 64);
        ops.up(linear, few, out.slice(0, 2));
        ops.up(linear, Activation.RELU, many, out);
        ops.down(matrix, out, many);
        ops.up(new Linear(operands.matrix(Encoding.BF16, 64, 48), null), few, out.slice(0, 2));
        List<String> product = List.of("rows_lower_f16", "product_up_64_f16", "rows_lift_f32");
        assertThat(launcher.kernels())
                .startsWith("up_4_f16")
                .containsSubsequence(product)
                .endsWith(
                        "rows_lower_f16",
                        "rows_unlift_f32",
                        "product_down_64_f16",
                        "rows_lift_f32",
                        "up_tensor_8_bf16");
        launcher.launches.clear();
        Rows query = operands.rows(20, 128);
        List<KvSequence> sequence = List.of(new KvSequence(operands.cache(Encoding.F16, 2, 64, 64, 64), 0, 20));
        ops.attend(query, sequence, 1, query);
        noted.set(ValueLayout.JAVA_INT, 4, 1);
        assertThat(ops.mustRepeat()).isTrue();
        ops.attend(query, sequence, 1, query);
        assertThat(launcher.kernels()).startsWith("prefill_64_f16");
        assertThat(launcher.kernels().getLast()).startsWith("attend_4");
    }

    @Test
    void theLaunchesOfOtherKernelsAreWithinTheDriversLimits() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        noted.fill((byte) 1);
        assertThat(ops.mustRepeat()).isTrue();
        operands.on(ops);
        assertThat(launcher.kernels())
                .contains("rows_lower_f16", "rows_unlift_f32", "up_16_f16", "prefill_80_bf16")
                .doesNotContain("up_tensor_8_f16", "rows_narrow_f16", "prefill_80_f16");
    }

    @Test
    void everyLaunchIsWithinTheDriversLimits() {
        RecordingLauncher old = new RecordingLauncher(75);
        operands.on(ops(old, null));
        RecordingLauncher current = new RecordingLauncher(90);
        operands.on(ops(current, null));
        assertThat(current.kernels()).contains("up_tensor_16_bf16", "prefill_80_f16", "product_down_128_bf16");
        assertThat(old.kernels())
                .contains("up_tensor_16_f16", "prefill_80_f16", "product_down_128_f16")
                .as("tensor cores of this generation do not know bf16")
                .doesNotContain("up_tensor_16_bf16", "prefill_80_bf16", "product_down_128_bf16");
    }

    @Test
    void projectionsOfTheSameRowsShareALaunch() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        Linear linear = new Linear(operands.matrix(Encoding.F16, 64, 48), null);
        Rows out = operands.rows(1, 64);
        ops(launcher, null).upEach(List.of(linear, linear, linear), operands.rows(1, 48), List.of(out, out, out));
        assertThat(launcher.launches).containsExactly(new RecordingLauncher.Launch("up_tensor_8_f16", 3, 1, 1));
    }

    @Test
    void allSequencesOfAStepShareALaunch() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        Rows rows = operands.rows(16, 128);
        List<KvSequence> sequences = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            sequences.add(new KvSequence(operands.cache(Encoding.F16, 2, 64, 64, 640), 40 * i, 1));
        }
        ops.append(rows, rows, sequences);
        ops.attend(rows, sequences, 1, rows);
        ops.appendAndAttend(rows, rows, rows, sequences, 1, rows);
        assertThat(launcher.kernels())
                .containsExactly("rows_table_f32", "rows_append_f16", "attend_1_f16", "attend_1_f16");
    }

    @Test
    void aTableOfAddressesServesAllLayersUntilACacheGrows() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        Rows row = operands.rows(1, 128);
        int bytes = 2 * 64 * 64 * 2;
        List<MemorySegment> pages = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            pages.add(arena.allocate(3L * 2 * bytes, 256)); // three layers, keys and values
        }
        for (int position : new int[] {69 * 64 - 2, 69 * 64 - 1, 69 * 64, 69 * 64 + 1}) {
            for (int layer = 0; layer < 3; layer++) {
                long keys = 2L * layer * bytes;
                KvView cache = new KvView(
                        Encoding.F16,
                        2,
                        64,
                        64,
                        pages.stream().map(page -> page.asSlice(keys, bytes)).toList(),
                        pages.stream()
                                .map(page -> page.asSlice(keys + bytes, bytes))
                                .toList());
                ops.appendAndAttend(row, row, row, List.of(new KvSequence(cache, position, 1)), 1, row);
            }
        }
        assertThat(launcher.kernels())
                .filteredOn(kernel -> kernel.equals("rows_table_f32"))
                .as("one for 69 blocks, one for 70")
                .hasSize(2);
        assertThat(launcher.kernels())
                .filteredOn(kernel -> kernel.equals("attend_1_f16"))
                .hasSize(12);
    }

    @Test
    void partialResultsOfAttentionStayWithinTheScratchMemory() {
        long room = new DeviceScratch(arena.allocate(DeviceScratch.MIN_BYTES, 256)).halfBytes();
        // key heads, query heads of each, width, tokens before, new tokens
        for (int[] shape : new int[][] {{8, 8, 128, 131071, 1}, {32, 1, 128, 4000, 5}, {4, 16, 1024, 60000, 16}}) {
            RecordingLauncher launcher = new RecordingLauncher(90);
            KvView cache = operands.cache(Encoding.F32, shape[0], shape[2], 64, shape[3] + shape[4]);
            Rows query = operands.rows(shape[4], shape[0] * shape[1] * shape[2]);
            ops(launcher, null).attend(query, List.of(new KvSequence(cache, shape[3], shape[4])), 1, query);
            List<RecordingLauncher.Launch> launches = launcher.launches.stream()
                    .filter(launch -> launch.kernel().startsWith("attend_4"))
                    .toList();
            long taken = 0;
            for (int i = 0; i < launches.size(); i++) {
                int[] kv = launcher.kvs.get(i);
                for (int part = 0; part < launches.get(i).gridZ(); part++) {
                    int[] fields = Arrays.copyOfRange(kv, 266 + 9 * part, 275 + 9 * part);
                    int rows = fields[1];
                    int spans = Math.ceilDiv(fields[2] + rows, fields[4]);
                    int problems = launches.get(i).gridY() * Math.ceilDiv(rows * shape[1], 4);
                    long end = fields[5] + 4L * problems * spans;
                    assertThat(end * 4 * (shape[2] + 2)).isBetween(1L, room);
                    assertThat(fields[6] + problems).isLessThanOrEqualTo(DeviceScratch.COUNTERS);
                    taken += (long) launches.get(i).gridY() * rows;
                }
            }
            assertThat(taken).as("every row of every head").isEqualTo((long) shape[0] * shape[4]);
        }
    }

    @Test
    void manyTokensAreRoundedOnceAndGivenToTheLibraryWhereThereIsOne() {
        List<String> products = new ArrayList<>();
        MatrixProduct product = new MatrixProduct() {
            @Override
            public void up(MemorySegment in, Matrix weight, Rows out, int first) {
                products.add("up " + weight.dtype() + " x " + out.count());
            }

            @Override
            public void down(MemorySegment in, int width, Matrix weight, Rows out) {
                products.add("down " + weight.dtype() + " x " + out.count());
            }
        };
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, product);
        Matrix weight = operands.matrix(Encoding.F16, 64, 48);
        Linear biased = new Linear(weight, operands.rows(1, 64).data());
        Rows out = operands.rows(100, 64);
        ops.upEach(List.of(biased, biased), operands.rows(100, 48), List.of(out, out));
        ops.down(weight, out, operands.rows(100, 48));
        assertThat(products).containsExactly("up F16 x 100", "up F16 x 100", "down F16 x 100");
        assertThat(launcher.kernels())
                .containsExactly("rows_narrow_f16", "rows_bias_f32", "rows_bias_f32", "rows_narrow_f16");
    }

    @Test
    void fewTokensReadWeightsInGroupsAsTheyAreStored() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        Linear linear = new Linear(operands.matrix(Encoding.Q4, 64, 200), null);
        for (int tokens : new int[] {1, 4, 8, 9, 16}) {
            Rows narrow = operands.rows(tokens, 64);
            Rows wide = operands.rows(tokens, 200);
            ops.upEach(List.of(linear, linear), wide, List.of(narrow, narrow));
            ops.down(linear.weight(), narrow, wide);
        }
        ops.embed(linear.weight(), new int[] {63}, operands.rows(1, 200));
        assertThat(launcher.kernels())
                .containsExactly(
                        "groupup_4_q4",
                        "groupdown_1_q4",
                        "groupup_4_q4",
                        "groupdown_4_q4",
                        "groupup_8_q4",
                        "groupdown_8_q4",
                        "groupup_16_q4",
                        "groupdown_8_q4",
                        "groupup_16_q4",
                        "groupdown_8_q4",
                        "grouprows_embed_q4");
    }

    @Test
    void anOlderGpuMultipliesHalfAsManyTokensAtATimeWithWeightsInGroups() {
        RecordingLauncher launcher = new RecordingLauncher(75);
        Linear linear = new Linear(operands.matrix(Encoding.Q8, 64, 200), null);
        ops(launcher, null).up(linear, operands.rows(16, 200), operands.rows(16, 64));
        assertThat(launcher.kernels()).containsExactly("groupup_8_q8", "groupup_8_q8");
    }

    @Test
    void forManyTokensTilesOfRowsAreDecodedAndMultipliedAsF16() {
        List<String> products = new ArrayList<>();
        MatrixProduct product = new MatrixProduct() {
            @Override
            public void up(MemorySegment in, Matrix weight, Rows out, int first) {
                products.add("up " + weight.encoding().name() + " " + weight.rows() + " from " + first);
            }

            @Override
            public void down(MemorySegment in, int width, Matrix weight, Rows out) {
                products.add("down " + weight.encoding().name() + " " + weight.rows() + " of " + width);
            }
        };
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, product);
        Matrix weight = operands.matrix(Encoding.Q4, 2000, 1024);
        Rows narrow = operands.rows(20, 2000);
        Rows wide = operands.rows(20, 1024);
        ops.up(new Linear(weight, operands.rows(1, 2000).data()), Activation.RELU, wide, narrow);
        ops.down(weight, narrow, wide);
        assertThat(products)
                .containsExactly(
                        "up f16 1920 from 0", "up f16 80 from 1920", "down f16 1920 of 2000", "down f16 80 of 2000");
        assertThat(launcher.kernels())
                .containsExactly(
                        "rows_narrow_f16",
                        "grouprows_decode_q4",
                        "grouprows_decode_q4",
                        "rows_bias_f32",
                        "rows_narrow_f16",
                        "grouprows_decode_q4",
                        "grouprows_decode_q4");
    }

    @Test
    void rowsWiderThanTheScratchMemoryHoldsGoByPieces() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        Matrix weight = operands.matrix(Encoding.F16, 8, 8192);
        ops(launcher, null).up(new Linear(weight, null), operands.rows(300, 8192), operands.rows(300, 8));
        assertThat(launcher.kernels().stream().filter(kernel -> kernel.equals("rows_narrow_f16")))
                .hasSize(3);
    }

    @Test
    void sizesThatDoNotMatchAreRefusedBeforeAnythingIsLaunched() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        Matrix weight = operands.matrix(Encoding.F16, 64, 48);
        Rows narrow = operands.rows(2, 48);
        Rows wide = operands.rows(2, 64);
        KvView cache = operands.cache(Encoding.F16, 2, 24, 7, 14);
        refused(() -> ops.up(new Linear(weight, null), wide, wide), "input width is 64, expected 48");
        refused(() -> ops.up(new Linear(weight, null), narrow, narrow), "output width is 48, expected 64");
        refused(() -> ops.up(new Linear(weight, narrow.data().asSlice(0, 8)), narrow, wide), "bias has 2 numbers");
        refused(() -> ops.down(weight, narrow, narrow), "input width is 48, expected 64");
        refused(() -> ops.down(weight, wide, operands.rows(3, 48)), "output rows is 3, expected 2");
        refused(() -> ops.add(wide, narrow), "row width is 48, expected 64");
        refused(() -> ops.embed(weight, new int[] {64}, narrow), "id 64 of a table of 64 rows");
        refused(() -> ops.embed(weight, new int[3], narrow), "3 ids into 2 rows");
        Matrix odd = new Matrix(Encoding.F16, 2, 48, weight.data().asSlice(1, 192));
        refused(() -> ops.down(odd, operands.rows(2, 2), narrow), "F16 numbers at the odd address");
        Matrix shifted = new Matrix(Encoding.Q4, 1, 64, weight.data().asSlice(8, 48));
        refused(() -> ops.down(shifted, operands.rows(2, 1), wide), "q4 rows at the odd address");
        List<KvSequence> late = List.of(new KvSequence(cache, 13, 2));
        refused(() -> ops.append(narrow, narrow, late), "15 tokens in a cache for 14");
        List<KvSequence> sequences = List.of(new KvSequence(cache, 0, 2));
        refused(() -> ops.attend(wide, sequences, 1, wide), "query heads");
        List<KvSequence> fewer = List.of(new KvSequence(cache, 0, 1));
        refused(() -> ops.append(narrow, narrow, fewer), "rows of sequences is 1, expected 2");
        refused(() -> ops.attend(narrow, fewer, 1, narrow), "rows of sequences is 1, expected 2");
        KvView other = operands.cache(Encoding.F32, 2, 24, 7, 14);
        List<KvSequence> mixed = List.of(new KvSequence(cache, 0, 1), new KvSequence(other, 0, 1));
        refused(() -> ops.attend(narrow, mixed, 1, narrow), "caches of F16 and F32");
        assertThat(launcher.launches).isEmpty();
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    @Test
    void noRowsAreNoWork() {
        RecordingLauncher launcher = new RecordingLauncher(90);
        CudaOps ops = ops(launcher, null);
        Rows none = operands.rows(0, 48);
        Matrix square = operands.matrix(Encoding.F32, 48, 48);
        ops.up(new Linear(square, null), Activation.RELU, none, none);
        ops.down(square, none, none);
        ops.embed(square, new int[0], none);
        ops.copy(none, none);
        ops.addBias(operands.rows(1, 48).data(), none);
        assertThat(launcher.launches).isEmpty();
    }
}
