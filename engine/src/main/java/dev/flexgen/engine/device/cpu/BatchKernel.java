package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;
import static dev.flexgen.engine.device.cpu.Lanes.total;

import jdk.incubator.vector.FloatVector;

/**
 * The register tiles of products with a few tokens, on weights that are decoded already. They add in the order of
 * {@link MixedDot}, which serves one token, so a token's result does not depend on how many there are.
 */
final class BatchKernel {

    /** Rows that {@link #dots} takes at a time. */
    static final int OUTPUTS = 3;

    /** Tokens that {@link #dots} takes at a time. */
    static final int TOKENS = 4;

    /** Numbers between two dot products' running sums, of which there are four: vectors are added to them by turns. */
    static final int SUMS = 4 * WIDTH;

    /** Rows that {@link #addRows} takes at a time. */
    static final int ROWS = 4;

    private BatchKernel() {}

    /**
     * Continues the dot products of three rows with four tokens over {@code count} columns: all of them, or whole groups of four
     * vectors. Twelve sums at a time, so one of the four running sums after the other.
     *
     * @param w decoded weights, row after row
     * @param ws distance between two rows
     * @param x as {@link #pack} left it
     * @param sums running sums // [OUTPUTS, any number of tokens, SUMS]
     * @param ss distance between the sums of two rows
     */
    static void dots(float[] w, int wo, int ws, float[] x, int xo, int count, float[] sums, int so, int ss) {
        int steps = count / SUMS;
        int at = xo;
        for (int vector = 0; vector < SUMS; vector += WIDTH) {
            dots(w, wo + vector, ws, SUMS, x, at, steps, sums, so + vector, ss);
            at += steps * TOKENS * WIDTH;
        }
        int whole = steps * SUMS;
        dots(w, wo + whole, ws, WIDTH, x, at, (count - whole) / WIDTH, sums, so, ss);
    }

    /**
     * Brings {@code count} columns of four tokens into the order in which {@link #dots} reads them: vectors of the four by turns, first
     * those of the first running sum.
     *
     * @param xs distance between two tokens' numbers
     * @param packed gets whole vectors, {@value #TOKENS} for each of a token's
     */
    static void pack(float[] x, int xo, int xs, int count, float[] packed, int po) {
        int whole = count / SUMS * SUMS;
        int at = po;
        for (int vector = 0; vector < SUMS; vector += WIDTH) {
            at = pack(x, xo + vector, xs, SUMS, whole / SUMS, packed, at);
        }
        pack(x, xo + whole, xs, WIDTH, (count - whole) / WIDTH, packed, at);
    }

    private static int pack(float[] x, int xo, int xs, int step, int steps, float[] packed, int po) {
        int at = po;
        for (int k = 0; k < steps; k++) {
            for (int t = 0; t < TOKENS; t++) {
                System.arraycopy(x, xo + k * step + t * xs, packed, at, WIDTH);
                at += WIDTH;
            }
        }
        return at;
    }

    private static void dots(
            float[] w, int wo, int ws, int step, float[] x, int xo, int steps, float[] sums, int so, int ss) {
        FloatVector s00 = load(sums, so);
        FloatVector s01 = load(sums, so + SUMS);
        FloatVector s02 = load(sums, so + 2 * SUMS);
        FloatVector s03 = load(sums, so + 3 * SUMS);
        FloatVector s10 = load(sums, so + ss);
        FloatVector s11 = load(sums, so + ss + SUMS);
        FloatVector s12 = load(sums, so + ss + 2 * SUMS);
        FloatVector s13 = load(sums, so + ss + 3 * SUMS);
        FloatVector s20 = load(sums, so + 2 * ss);
        FloatVector s21 = load(sums, so + 2 * ss + SUMS);
        FloatVector s22 = load(sums, so + 2 * ss + 2 * SUMS);
        FloatVector s23 = load(sums, so + 2 * ss + 3 * SUMS);
        for (int k = 0; k < steps; k++) {
            FloatVector w0 = load(w, wo);
            FloatVector w1 = load(w, wo + ws);
            FloatVector w2 = load(w, wo + 2 * ws);
            FloatVector y = load(x, xo);
            s00 = fma(w0, y, s00);
            s10 = fma(w1, y, s10);
            s20 = fma(w2, y, s20);
            y = load(x, xo + WIDTH);
            s01 = fma(w0, y, s01);
            s11 = fma(w1, y, s11);
            s21 = fma(w2, y, s21);
            y = load(x, xo + 2 * WIDTH);
            s02 = fma(w0, y, s02);
            s12 = fma(w1, y, s12);
            s22 = fma(w2, y, s22);
            y = load(x, xo + 3 * WIDTH);
            s03 = fma(w0, y, s03);
            s13 = fma(w1, y, s13);
            s23 = fma(w2, y, s23);
            wo += step;
            xo += TOKENS * WIDTH;
        }
        s00.intoArray(sums, so);
        s01.intoArray(sums, so + SUMS);
        s02.intoArray(sums, so + 2 * SUMS);
        s03.intoArray(sums, so + 3 * SUMS);
        s10.intoArray(sums, so + ss);
        s11.intoArray(sums, so + ss + SUMS);
        s12.intoArray(sums, so + ss + 2 * SUMS);
        s13.intoArray(sums, so + ss + 3 * SUMS);
        s20.intoArray(sums, so + 2 * ss);
        s21.intoArray(sums, so + 2 * ss + SUMS);
        s22.intoArray(sums, so + 2 * ss + 2 * SUMS);
        s23.intoArray(sums, so + 2 * ss + 3 * SUMS);
    }

    /** A dot product whose running sums are complete; {@code count} numbers that no vector holds come last. */
    static float dot(float[] sums, int so, float[] w, int wo, float[] x, int xo, int count) {
        FloatVector first = load(sums, so).add(load(sums, so + WIDTH));
        float sum = total(first.add(load(sums, so + 2 * WIDTH).add(load(sums, so + 3 * WIDTH))));
        for (int i = 0; i < count; i++) {
            sum = fma(w[wo + i], x[xo + i], sum);
        }
        return sum;
    }

    /**
     * {@code y += f[0] * row 0 + ... + f[3] * row 3}, one after the other, for two tokens.
     *
     * @param ws distance between two rows
     * @param f factors of the first token from {@code fo0} on, of the second from {@code fo1} on
     */
    static void addRows(
            float[] w, int wo, int ws, float[] f, int fo0, int fo1, float[] y, int yo0, int yo1, int count) {
        FloatVector f00 = FloatVector.broadcast(FLOATS, f[fo0]);
        FloatVector f01 = FloatVector.broadcast(FLOATS, f[fo0 + 1]);
        FloatVector f02 = FloatVector.broadcast(FLOATS, f[fo0 + 2]);
        FloatVector f03 = FloatVector.broadcast(FLOATS, f[fo0 + 3]);
        FloatVector f10 = FloatVector.broadcast(FLOATS, f[fo1]);
        FloatVector f11 = FloatVector.broadcast(FLOATS, f[fo1 + 1]);
        FloatVector f12 = FloatVector.broadcast(FLOATS, f[fo1 + 2]);
        FloatVector f13 = FloatVector.broadcast(FLOATS, f[fo1 + 3]);
        int i = 0;
        for (; i <= count - WIDTH; i += WIDTH) {
            FloatVector y0 = load(y, yo0 + i);
            FloatVector y1 = load(y, yo1 + i);
            FloatVector row = load(w, wo + i);
            y0 = fma(row, f00, y0);
            y1 = fma(row, f10, y1);
            row = load(w, wo + i + ws);
            y0 = fma(row, f01, y0);
            y1 = fma(row, f11, y1);
            row = load(w, wo + i + 2 * ws);
            y0 = fma(row, f02, y0);
            y1 = fma(row, f12, y1);
            row = load(w, wo + i + 3 * ws);
            y0 = fma(row, f03, y0);
            y1 = fma(row, f13, y1);
            y0.intoArray(y, yo0 + i);
            y1.intoArray(y, yo1 + i);
        }
        for (int r = 0; r < ROWS; r++) {
            for (int j = i; j < count; j++) {
                y[yo0 + j] = fma(w[wo + r * ws + j], f[fo0 + r], y[yo0 + j]);
                y[yo1 + j] = fma(w[wo + r * ws + j], f[fo1 + r], y[yo1 + j]);
            }
        }
    }
}
