package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * The register tile of all products with many tokens: {@value #TILE} outputs by two vectors of tokens stay in registers while
 * the inner dimension runs. Tokens lie along the lanes, so a weight is broadcast, and the same kernel serves up and down
 * projections, scores and context, which differ only in strides.
 *
 * <p>Twelve sums, two panel vectors and one broadcast fit the 16 registers of AVX2; with AVX-512 the tile still keeps the
 * multiply-add units busy, since twelve independent sums exceed their latency.
 */
final class PanelKernel {

    /** Outputs in a tile. */
    static final int TILE = 6;

    /** Tokens in a panel. */
    static final int PANEL = 2 * WIDTH;

    private PanelKernel() {}

    /** {@code count} rounded up to whole tiles. */
    static int tiled(int count) {
        return Math.ceilDiv(count, TILE) * TILE;
    }

    /** Panels that {@code tokens} tokens fill. */
    static int panels(int tokens) {
        return Math.ceilDiv(tokens, PANEL);
    }

    /**
     * {@code c[i][t] += sum over k of a[ao + i * rowStride + k * stepStride] * b[bo + k * PANEL + t]} for the tile's outputs
     * i and the panel's tokens t.
     *
     * @param c sums, {@code cs} apart from output to output
     */
    static void accumulate(
            float[] a, int ao, int rowStride, int stepStride, float[] b, int bo, int steps, float[] c, int co, int cs) {
        FloatVector c00 = load(c, co);
        FloatVector c01 = load(c, co + WIDTH);
        FloatVector c10 = load(c, co + cs);
        FloatVector c11 = load(c, co + cs + WIDTH);
        FloatVector c20 = load(c, co + 2 * cs);
        FloatVector c21 = load(c, co + 2 * cs + WIDTH);
        FloatVector c30 = load(c, co + 3 * cs);
        FloatVector c31 = load(c, co + 3 * cs + WIDTH);
        FloatVector c40 = load(c, co + 4 * cs);
        FloatVector c41 = load(c, co + 4 * cs + WIDTH);
        FloatVector c50 = load(c, co + 5 * cs);
        FloatVector c51 = load(c, co + 5 * cs + WIDTH);
        for (int k = 0; k < steps; k++) {
            FloatVector b0 = load(b, bo);
            FloatVector b1 = load(b, bo + WIDTH);
            FloatVector w = FloatVector.broadcast(FLOATS, a[ao]);
            c00 = fma(w, b0, c00);
            c01 = fma(w, b1, c01);
            w = FloatVector.broadcast(FLOATS, a[ao + rowStride]);
            c10 = fma(w, b0, c10);
            c11 = fma(w, b1, c11);
            w = FloatVector.broadcast(FLOATS, a[ao + 2 * rowStride]);
            c20 = fma(w, b0, c20);
            c21 = fma(w, b1, c21);
            w = FloatVector.broadcast(FLOATS, a[ao + 3 * rowStride]);
            c30 = fma(w, b0, c30);
            c31 = fma(w, b1, c31);
            w = FloatVector.broadcast(FLOATS, a[ao + 4 * rowStride]);
            c40 = fma(w, b0, c40);
            c41 = fma(w, b1, c41);
            w = FloatVector.broadcast(FLOATS, a[ao + 5 * rowStride]);
            c50 = fma(w, b0, c50);
            c51 = fma(w, b1, c51);
            bo += PANEL;
            ao += stepStride;
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + WIDTH);
        c10.intoArray(c, co + cs);
        c11.intoArray(c, co + cs + WIDTH);
        c20.intoArray(c, co + 2 * cs);
        c21.intoArray(c, co + 2 * cs + WIDTH);
        c30.intoArray(c, co + 3 * cs);
        c31.intoArray(c, co + 3 * cs + WIDTH);
        c40.intoArray(c, co + 4 * cs);
        c41.intoArray(c, co + 4 * cs + WIDTH);
        c50.intoArray(c, co + 5 * cs);
        c51.intoArray(c, co + 5 * cs + WIDTH);
    }
}
