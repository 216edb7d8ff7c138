package dev.flexgen.engine.measure;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostPages;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ProductRates;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * How fast one device multiplies, attends and starts operations, through the operations that models run on. Weights are zeros in
 * memory that no cache holds. Owned by one thread.
 */
final class ProductBenchmark implements AutoCloseable {

    /** Steps that are measured: a token of a reply, a small batch, a short and a long step of a prompt. */
    private static final int[] TOKENS = {1, 8, 64, 512};

    private static final List<Encoding> ENCODINGS =
            List.of(Encoding.F16, Encoding.Q4, Encoding.Q8, Encoding.F32, Encoding.Q3);

    private static final int COLUMNS = 4096;
    private static final int MOST_ROWS = 8192;
    private static final int LEAST_ROWS = 16;

    /** Rows on a GPU in steps of few tokens: smaller matrices it reads in the time that it takes to start. */
    private static final int MOST_GPU_ROWS = 4 * MOST_ROWS;

    /** Rows of long steps: less work, so that a few rounds are short on any processor. */
    private static final int LONG_STEP_ROWS = 1024;

    private static final int HEADS = 32;
    private static final int HEAD_DIM = 128;
    private static final int BLOCK = 64;

    /** Positions of the cache that is attended over: a conversation. */
    private static final int ATTENDED_BLOCKS = 16;

    private static final int STARTS = 200;

    /** Operations behind each other before a GPU is waited for, so that waiting does not count. */
    private static final int GPU_ROUND = 16;

    private static final int QUARTER = 4;

    /** A round that is quicker by this says that the compiler was at work. */
    private static final double BETTER = 0.93;

    private static final int MOST_PATIENCE = 5;

    private static final int PASSES = 2;

    private final Device device;
    private final Buffer weights;
    private final Buffer in;
    private final Buffer out;
    private final Event done;
    private final long nanosPerFigure;
    private double start; // seconds, 0 until measured

    /**
     * Takes memory for it.
     *
     * @param bytes of weights at most
     * @param nanosPerFigure for each encoding and number of tokens, at most about
     */
    ProductBenchmark(Device device, long bytes, long nanosPerFigure) {
        this.device = device;
        this.nanosPerFigure = nanosPerFigure;
        this.done = device.event();
        this.in = device.allocate("measuring", rowBytes());
        this.out = device.allocate("measuring", rowBytes());
        this.weights = device.allocate("measuring", bytes);
        if (device.tier() == Tier.HOST) {
            fillInputs();
            HostPages.touch(
                    weights.segment()); // pages that nobody wrote to are all the same one, which the cache holds
        }
    }

    /** Rows of weights that zeros would be multiplied with are not read. */
    private void fillInputs() {
        for (long at = 0; at < in.segment().byteSize(); at += Float.BYTES) {
            in.segment().set(ValueLayout.JAVA_FLOAT, at, 1);
        }
    }

    /** Memory that it takes beside the weights. */
    static long workBytes() {
        return 2 * rowBytes();
    }

    /** Room for the widest rows that go into a product, or come out of one. */
    private static long rowBytes() {
        int most = TOKENS[TOKENS.length - 1];
        return 4L * Math.max(most * Math.max(LONG_STEP_ROWS, COLUMNS), BLOCK * MOST_GPU_ROWS);
    }

    /**
     * Of every encoding that the device knows: the better of two passes over all figures. The compiler may be done with a kernel only
     * after its figure, or throw code away and make it again, and then the first is wrong by a factor of three.
     */
    ProductRates rates() {
        warmUp();
        Map<String, SortedMap<Integer, Double>> rates = new TreeMap<>();
        for (int pass = 0; pass < PASSES; pass++) {
            for (Encoding encoding : ENCODINGS) {
                if (device.supports(Operation.UP, encoding)) {
                    SortedMap<Integer, Double> best = rates.computeIfAbsent(encoding.name(), _ -> new TreeMap<>());
                    rates(encoding).forEach((tokens, rate) -> best.merge(tokens, rate, Math::max));
                }
            }
        }
        return new ProductRates(rates);
    }

    /** The compiler needs some hundred milliseconds for a kernel, and works on one while the next runs. */
    private void warmUp() {
        for (int round = 0; round < 2; round++) {
            for (Encoding encoding : ENCODINGS) {
                for (int tokens : TOKENS) {
                    if (device.supports(Operation.UP, encoding)) {
                        warmUp(encoding, tokens);
                    }
                }
            }
        }
    }

    private void warmUp(Encoding encoding, int tokens) {
        MemorySegment data = weights.segment().asSlice(0, encoding.bytes(BLOCK, COLUMNS));
        Linear small = new Linear(new Matrix(encoding, BLOCK, COLUMNS, data), null);
        Rows from = Rows.in(in.segment(), tokens, COLUMNS);
        Rows to = Rows.in(out.segment(), tokens, BLOCK);
        Rows down = Rows.in(out.segment(), tokens, COLUMNS);
        long end = System.nanoTime() + nanosPerFigure / QUARTER;
        do {
            device.ops().up(small, from, to);
            if (device.tier() == Tier.HOST) {
                device.ops().down(small.weight(), Rows.in(in.segment(), tokens, BLOCK), down);
            }
            device.stream(StreamRole.COMPUTE).record(done);
            done.join();
        } while (System.nanoTime() < end);
    }

    private SortedMap<Integer, Double> rates(Encoding encoding) {
        SortedMap<Integer, Double> rates = new TreeMap<>();
        long room = weights.segment().byteSize() / encoding.rowBytes(COLUMNS);
        for (int tokens : TOKENS) {
            int most = tokens > BLOCK ? LONG_STEP_ROWS : device.tier() == Tier.GPU ? MOST_GPU_ROWS : MOST_ROWS;
            int rows = Math.clamp(Math.min(room / 2, affordable(rates, tokens)), LEAST_ROWS, most);
            rates.put(tokens, (double) tokens * rows * COLUMNS / seconds(encoding, rows, tokens));
        }
        return rates;
    }

    /** So many rows that a round takes about half of its time, by the rate of a single token. */
    private long affordable(SortedMap<Integer, Double> rates, int tokens) {
        Double one = rates.get(1);
        return one == null ? Long.MAX_VALUE : (long) (one * nanosPerFigure / PASSES / 2e9 / tokens / COLUMNS);
    }

    /**
     * Of a product; on a GPU without its start, which the cost model adds. On the processor of both kinds on average: a layer has
     * about as many weights that project down as up, and those take longer.
     */
    private double seconds(Encoding encoding, int rows, int tokens) {
        double seconds = typical(product(encoding, rows, tokens), nanosPerFigure / PASSES);
        return upAndDown() ? seconds / 2 : Math.max(seconds / 2, seconds - startSeconds());
    }

    private boolean upAndDown() {
        return device.tier() == Tier.HOST;
    }

    private Runnable product(Encoding encoding, int rows, int tokens) {
        long bytes = encoding.bytes(rows, COLUMNS);
        long pieces = Math.max(1, weights.segment().byteSize() / bytes);
        Rows narrow = Rows.in(in.segment(), tokens, COLUMNS);
        Rows wide = Rows.in(in.segment(), tokens, rows);
        Rows up = Rows.in(out.segment(), tokens, rows);
        Rows down = Rows.in(out.segment(), tokens, COLUMNS);
        int[] piece = new int[1];
        Supplier<Matrix> next = () -> {
            MemorySegment data = weights.segment().asSlice(piece[0]++ % pieces * bytes, bytes);
            return new Matrix(encoding, rows, COLUMNS, data);
        };
        return () -> {
            device.ops().up(new Linear(next.get(), null), narrow, up);
            if (upAndDown()) {
                device.ops().down(next.get(), wide, down);
            }
        };
    }

    /**
     * Multiply-adds a second of one token beside a busy bus, by encoding, for a processor whose {@link #rates} have been measured:
     * the middle of the rounds, because what is asked is how it goes while both work, and not how it goes at best.
     */
    SortedMap<String, Double> beside(BusLoad bus) {
        SortedMap<String, Double> rates = new TreeMap<>();
        for (int pass = 0; pass < PASSES; pass++) {
            for (Encoding encoding : ENCODINGS) {
                if (device.supports(Operation.UP, encoding)) {
                    long room = weights.segment().byteSize() / encoding.rowBytes(COLUMNS);
                    int rows = Math.clamp(room / 2, LEAST_ROWS, MOST_ROWS);
                    double seconds = middle(product(encoding, rows, 1), bus) / 2;
                    rates.merge(encoding.name(), (double) rows * COLUMNS / seconds, Math::max);
                }
            }
        }
        return rates;
    }

    private double middle(Runnable work, BusLoad bus) {
        List<Double> seconds = new ArrayList<>();
        work.run();
        long nanos = nanosPerFigure / PASSES;
        bus.begin(nanos / 1e9);
        long begin = System.nanoTime();
        do {
            long start = System.nanoTime();
            work.run();
            seconds.add((System.nanoTime() - start) / 1e9);
        } while (System.nanoTime() - begin < nanos);
        bus.end();
        Collections.sort(seconds);
        return seconds.get(seconds.size() / 2);
    }

    /** Bytes of keys and values in 16 bits that one token gets through in a second. */
    double attend() {
        long block = Encoding.F16.bytes((long) HEADS * BLOCK, HEAD_DIM);
        long room = weights.segment().byteSize() / 2 / block;
        int blocks = Math.clamp(room, 1, ATTENDED_BLOCKS);
        List<List<KvSequence>> caches = new ArrayList<>();
        for (long first = 0; first + blocks <= Math.max(room, 1); first += blocks) {
            List<MemorySegment> keys = new ArrayList<>();
            List<MemorySegment> values = new ArrayList<>();
            for (long i = first; i < first + blocks; i++) {
                keys.add(weights.segment().asSlice(2 * i * block, block));
                values.add(weights.segment().asSlice((2 * i + 1) * block, block));
            }
            KvView cache = new KvView(Encoding.F16, HEADS, HEAD_DIM, BLOCK, keys, values);
            caches.add(List.of(new KvSequence(cache, blocks * BLOCK - 1, 1)));
        }
        Rows query = Rows.in(in.segment(), 1, HEADS * HEAD_DIM);
        Rows result = Rows.in(out.segment(), 1, HEADS * HEAD_DIM);
        int[] next = new int[1];
        return 2.0
                * blocks
                * block
                / typical(
                        () -> device.ops().attend(query, caches.get(next[0]++ % caches.size()), 1, result),
                        nanosPerFigure);
    }

    /** Of one operation, however small, in a row of them. */
    double startSeconds() {
        if (start == 0) {
            start = measuredStart();
        }
        return start;
    }

    private double measuredStart() {
        Rows row = Rows.in(in.segment(), 1, LEAST_ROWS);
        Rows result = Rows.in(out.segment(), 1, LEAST_ROWS);
        MemorySegment data = weights.segment().asSlice(0, Encoding.F32.bytes(LEAST_ROWS, LEAST_ROWS));
        Linear small = new Linear(new Matrix(Encoding.F32, LEAST_ROWS, LEAST_ROWS, data), null);
        int times = STARTS / round();
        double together = typical(
                () -> {
                    for (int i = 0; i < times; i++) {
                        device.ops().up(small, row, result);
                    }
                },
                nanosPerFigure);
        return together / times;
    }

    /**
     * The time of one round once the code is compiled and nobody disturbs: the quickest quarter of the later half. Where rounds still
     * become quicker the compiler is not done, and it goes on.
     */
    private double typical(Runnable work, long nanos) {
        List<Double> seconds = new ArrayList<>();
        long begin = System.nanoTime();
        double best = Double.MAX_VALUE;
        long bettered = begin;
        long now = begin;
        do {
            long start = System.nanoTime();
            for (int i = 0; i < round(); i++) {
                work.run();
            }
            device.stream(StreamRole.COMPUTE).record(done);
            done.join();
            now = System.nanoTime();
            double round = (now - start) / 1e9 / round();
            seconds.add(round);
            if (round < BETTER * best) {
                bettered = now;
                best = round;
            }
        } while (seconds.size() < 2
                || now - begin < nanos
                || (now - bettered < nanos / 2 && now - begin < MOST_PATIENCE * nanos));
        List<Double> later = new ArrayList<>(seconds.subList(seconds.size() / 2, seconds.size()));
        Collections.sort(later);
        return later.get(later.size() / QUARTER);
    }

    private int round() {
        return device.tier() == Tier.GPU ? GPU_ROUND : 1;
    }

    @Override
    public void close() {
        weights.close();
        out.close();
        in.close();
        done.close();
    }
}
