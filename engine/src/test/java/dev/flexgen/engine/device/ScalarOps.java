package dev.flexgen.engine.device;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.GroupCodec;
import dev.flexgen.engine.quant.GroupQuantizer;
import dev.flexgen.engine.quant.PageCodec;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations as their definitions read, one number at a time, summed in double precision: the reference that every fast
 * implementation is compared with.
 */
public final class ScalarOps implements Ops {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void embed(Matrix stored, int[] rows, Rows out) {
        Matrix table = plain(stored);
        for (int t = 0; t < rows.length; t++) {
            for (int i = 0; i < out.width(); i++) {
                set(out, t, i, get(table, rows[t], i));
            }
        }
    }

    @Override
    public void embedAdd(Matrix stored, int[] rows, Rows out) {
        Matrix table = plain(stored);
        for (int t = 0; t < rows.length; t++) {
            for (int i = 0; i < out.width(); i++) {
                set(out, t, i, get(out, t, i) + get(table, rows[t], i));
            }
        }
    }

    @Override
    public void norm(Norm norm, Rows in, Rows out) {
        for (int t = 0; t < in.count(); t++) {
            double mean = 0;
            for (int i = 0; norm.kind() == Norm.Kind.LAYER && i < in.width(); i++) {
                mean += get(in, t, i) / in.width();
            }
            double variance = 0;
            for (int i = 0; i < in.width(); i++) {
                double centred = get(in, t, i) - mean;
                variance += centred * centred / in.width();
            }
            double scale = 1 / Math.sqrt(variance + norm.epsilon());
            for (int i = 0; i < in.width(); i++) {
                double normal = (get(in, t, i) - mean) * scale;
                set(out, t, i, normal * get(norm.weight(), i, 1) + get(norm.bias(), i, 0));
            }
        }
    }

    @Override
    public void up(Linear linear, Rows in, Rows out) {
        double[][] weight = numbers(linear.weight());
        for (int t = 0; t < in.count(); t++) {
            double[] input = numbers(in, t);
            for (int r = 0; r < weight.length; r++) {
                double sum = get(linear.bias(), r, 0);
                for (int c = 0; c < input.length; c++) {
                    sum += input[c] * weight[r][c];
                }
                set(out, t, r, sum);
            }
        }
    }

    @Override
    public void activate(Activation activation, Rows rows) {
        for (int t = 0; t < rows.count(); t++) {
            for (int i = 0; i < rows.width(); i++) {
                set(rows, t, i, activated(activation, get(rows, t, i)));
            }
        }
    }

    private static double activated(Activation activation, double x) {
        return switch (activation) {
            case RELU -> Math.max(x, 0);
            case GELU -> x / 2 * (1 + Erf.erf(x / Math.sqrt(2)));
            case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x / (1 + Math.exp(-x));
        };
    }

    @Override
    public void gate(Activation activation, Rows gate, Rows rows) {
        for (int t = 0; t < rows.count(); t++) {
            for (int i = 0; i < rows.width(); i++) {
                set(rows, t, i, activated(activation, get(gate, t, i)) * get(rows, t, i));
            }
        }
    }

    @Override
    public void rotate(Rotary rotary, int[] positions, Rows rows) {
        for (int t = 0; t < rows.count(); t++) {
            for (int head = 0; head < rows.width(); head += rotary.headDim()) {
                for (int m = 0; m < rotary.frequencies().length; m++) {
                    float angle = positions[t] * rotary.frequencies()[m];
                    double a = get(rows, t, head + rotary.first(m));
                    double b = get(rows, t, head + rotary.second(m));
                    double cosine = rotary.magnitude() * Math.cos(angle);
                    double sine = rotary.magnitude() * Math.sin(angle);
                    set(rows, t, head + rotary.first(m), a * cosine - b * sine);
                    set(rows, t, head + rotary.second(m), b * cosine + a * sine);
                }
            }
        }
    }

    @Override
    public void gather(Rows in, int[] rows, Rows out) {
        for (int i = 0; i < rows.length; i++) {
            for (int c = 0; c < in.width(); c++) {
                set(out, i, c, get(in, rows[i], c));
            }
        }
    }

    @Override
    public void scatterAdd(Rows in, int[] rows, float[] factors, Rows out) {
        for (int i = 0; i < rows.length; i++) {
            for (int c = 0; c < in.width(); c++) {
                set(out, rows[i], c, get(out, rows[i], c) + factors[i] * get(in, i, c));
            }
        }
    }

    @Override
    public void down(Matrix matrix, Rows in, Rows out) {
        double[][] weight = numbers(matrix);
        for (int t = 0; t < in.count(); t++) {
            double[] sums = numbers(out, t);
            for (int n = 0; n < weight.length; n++) {
                double input = get(in, t, n);
                for (int c = 0; c < sums.length; c++) {
                    sums[c] += input * weight[n][c];
                }
            }
            for (int c = 0; c < sums.length; c++) {
                set(out, t, c, sums[c]);
            }
        }
    }

    @Override
    public void add(Rows in, Rows out) {
        for (int t = 0; t < in.count(); t++) {
            for (int i = 0; i < in.width(); i++) {
                set(out, t, i, get(out, t, i) + get(in, t, i));
            }
        }
    }

    @Override
    public void addBias(MemorySegment bias, Rows out) {
        for (int t = 0; t < out.count(); t++) {
            for (int i = 0; i < out.width(); i++) {
                set(out, t, i, get(out, t, i) + get(bias, i, 0));
            }
        }
    }

    @Override
    public void copy(Rows in, Rows out) {
        MemorySegment.copy(in.data(), 0, out.data(), 0, in.bytes());
    }

    @Override
    public void append(Rows keys, Rows values, List<KvSequence> sequences) {
        int from = 0;
        for (KvSequence sequence : sequences) {
            int rows = sequence.rows();
            append(keys.slice(from, rows), values.slice(from, rows), sequence.cache(), sequence.position());
            from += rows;
        }
    }

    private static void append(Rows keys, Rows values, KvView cache, int position) {
        for (int t = 0; t < keys.count(); t++) {
            int block = cache.block(position + t);
            for (int i = 0; i < keys.width(); i++) {
                long offset = cache.offset(i / cache.headDim(), position + t)
                        + cache.dtype().bytes(i % cache.headDim());
                write(cache.dtype(), cache.keys().get(block), offset, get(keys, t, i));
                write(cache.dtype(), cache.values().get(block), offset, get(values, t, i));
            }
        }
    }

    @Override
    public void attend(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        int from = 0;
        for (KvSequence sequence : sequences) {
            int rows = sequence.rows();
            attend(query.slice(from, rows), sequence.cache(), sequence.position(), scoring, out.slice(from, rows));
            from += rows;
        }
    }

    private static void attend(Rows query, KvView cache, int position, Scoring scoring, Rows out) {
        int dim = cache.headDim();
        int group = query.width() / dim / cache.heads();
        int seen = position + query.count();
        for (int keyHead = 0; keyHead < cache.heads(); keyHead++) {
            double[][] keys = new double[seen][dim];
            double[][] values = new double[seen][dim];
            for (int j = 0; j < seen; j++) {
                for (int d = 0; d < dim; d++) {
                    keys[j][d] = readKey(cache, keyHead, j, d);
                    values[j][d] = readValue(cache, keyHead, j, d);
                }
            }
            for (int t = 0; t < query.count(); t++) {
                double[] row = numbers(query, t);
                for (int head = keyHead * group; head < (keyHead + 1) * group; head++) {
                    double[] own = Arrays.copyOfRange(row, head * dim, (head + 1) * dim);
                    double[] weights = weights(own, keys, position + t + 1, scoring, head);
                    for (int d = 0; d < dim; d++) {
                        double sum = 0;
                        for (int j = 0; j < weights.length; j++) {
                            sum += weights[j] * values[j][d];
                        }
                        set(out, t, head * dim + d, sum);
                    }
                }
            }
        }
    }

    /** Softmax of the scores of one query over the first {@code seen} positions. */
    private static double[] weights(double[] query, double[][] keys, int seen, Scoring scoring, int head) {
        double[] weights = new double[seen];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < seen; j++) {
            for (int d = 0; d < query.length; d++) {
                weights[j] += query[d] * keys[j][d];
            }
            weights[j] = weights[j] * scoring.scale() + (double) scoring.slope(head) * (j + 1 - seen);
            if (scoring.window() > 0 && j <= seen - 1 - scoring.window()) {
                weights[j] = Double.NEGATIVE_INFINITY;
            }
            max = Math.max(max, weights[j]);
        }
        double sum = 0;
        for (int j = 0; j < seen; j++) {
            weights[j] = Math.exp(weights[j] - max);
            sum += weights[j];
        }
        for (int j = 0; j < seen; j++) {
            weights[j] /= sum;
        }
        return weights;
    }

    @Override
    public void seal(List<KvSealing> blocks) {
        for (KvSealing block : blocks) {
            PageCodec codec = new PageCodec(block.format(), block.headDim());
            int keyBytes = block.format().keyBytes(block.headDim());
            int valueBytes = block.format().valueBytes(block.headDim());
            for (int head = 0; head < block.heads(); head++) {
                codec.sealKeys(
                        numbers(block, block.keys(), head),
                        block.sealedKeys().asSlice((long) head * keyBytes, keyBytes));
                codec.sealValues(
                        numbers(block, block.values(), head),
                        block.sealedValues().asSlice((long) head * valueBytes, valueBytes));
            }
        }
    }

    private static float[] numbers(KvSealing block, MemorySegment source, int head) {
        DType dtype = block.encoding().open().elementType();
        float[] numbers = new float[block.format().tokens() * block.headDim()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) read(dtype, source, dtype.bytes((long) head * numbers.length + i));
        }
        return numbers;
    }

    private static double readKey(KvView cache, int head, int position, int d) {
        MemorySegment block = cache.keys().get(cache.block(position));
        if (cache.isSealed(cache.block(position))) {
            int bytes = cache.format().keyBytes(cache.headDim());
            return new PageCodec(cache.format(), cache.headDim())
                    .key(block.asSlice((long) head * bytes, bytes), position % cache.blockTokens(), d);
        }
        return read(cache, block, head, position, d);
    }

    private static double readValue(KvView cache, int head, int position, int d) {
        MemorySegment block = cache.values().get(cache.block(position));
        if (cache.isSealed(cache.block(position))) {
            int bytes = cache.format().valueBytes(cache.headDim());
            return new PageCodec(cache.format(), cache.headDim())
                    .value(block.asSlice((long) head * bytes, bytes), position % cache.blockTokens(), d);
        }
        return read(cache, block, head, position, d);
    }

    private static double read(KvView cache, MemorySegment block, int head, int position, int d) {
        return read(
                cache.dtype(),
                block,
                cache.offset(head, position) + cache.dtype().bytes(d));
    }

    /** The same matrix in F32, if it is encoded in groups. */
    public static Matrix plain(Matrix matrix) {
        if (!(matrix.encoding() instanceof Encoding.Grouped grouped)) {
            return matrix;
        }
        GroupCodec codec = new GroupCodec(grouped, GroupQuantizer.MIN_MAX);
        float[] numbers = new float[matrix.rows() * matrix.columns()];
        for (int row = 0; row < matrix.rows(); row++) {
            MemorySegment bytes = matrix.data().asSlice(row * matrix.rowBytes(), matrix.rowBytes());
            codec.decode(bytes, matrix.columns(), numbers, row * matrix.columns());
        }
        return new Matrix(Encoding.F32, matrix.rows(), matrix.columns(), MemorySegment.ofArray(numbers));
    }

    private static double[][] numbers(Matrix stored) {
        Matrix matrix = plain(stored);
        double[][] numbers = new double[matrix.rows()][matrix.columns()];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = 0; column < matrix.columns(); column++) {
                numbers[row][column] = get(matrix, row, column);
            }
        }
        return numbers;
    }

    private static double[] numbers(Rows rows, int row) {
        double[] numbers = new double[rows.width()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = get(rows, row, i);
        }
        return numbers;
    }

    private static double get(Matrix matrix, int row, int column) {
        return read(
                matrix.dtype(),
                matrix.data(),
                row * matrix.rowBytes() + matrix.dtype().bytes(column));
    }

    private static double get(Rows rows, int row, int column) {
        return rows.data().get(FLOAT, 4 * ((long) row * rows.width() + column));
    }

    private static double get(@Nullable MemorySegment vector, int index, double absent) {
        return vector == null ? absent : vector.get(FLOAT, 4L * index);
    }

    private static void set(Rows rows, int row, int column, double value) {
        rows.data().set(FLOAT, 4 * ((long) row * rows.width() + column), (float) value);
    }

    private static double read(DType dtype, MemorySegment data, long offset) {
        return switch (dtype) {
            case F32 -> data.get(FLOAT, offset);
            case F16 -> Float.float16ToFloat(data.get(SHORT, offset));
            case BF16 -> BFloat16.toFloat(data.get(SHORT, offset));
        };
    }

    private static void write(DType dtype, MemorySegment data, long offset, double value) {
        switch (dtype) {
            case F32 -> data.set(FLOAT, offset, (float) value);
            case F16 -> data.set(SHORT, offset, Float.floatToFloat16((float) value));
            case BF16 -> data.set(SHORT, offset, BFloat16.of((float) value));
        }
    }
}
