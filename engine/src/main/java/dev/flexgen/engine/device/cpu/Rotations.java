package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Rotary;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sines and cosines for the tokens of a step: all layers turn by the same angles, so the last ones are kept. */
final class Rotations {

    private @Nullable Rotary rotary;
    private int[] positions = new int[0];
    private float[] cosines = new float[0]; // [tokens, pairs]
    private float[] sines = new float[0];

    /** Makes those of a call that follows. Angles are products in single precision, as models were trained with. */
    void prepare(Rotary wanted, int[] tokens) {
        if (wanted.equals(rotary) && Arrays.equals(tokens, positions)) {
            return;
        }
        float[] frequencies = wanted.frequencies();
        int length = tokens.length * frequencies.length;
        if (cosines.length < length) {
            cosines = new float[length];
            sines = new float[length];
        }
        for (int t = 0; t < tokens.length; t++) {
            for (int m = 0; m < frequencies.length; m++) {
                float angle = tokens[t] * frequencies[m];
                cosines[t * frequencies.length + m] = (float) Math.cos(angle) * wanted.magnitude();
                sines[t * frequencies.length + m] = (float) Math.sin(angle) * wanted.magnitude();
            }
        }
        rotary = wanted;
        positions = tokens.clone();
    }

    /** Turns the heads of one token's row. */
    void turn(Rotary by, int token, float[] row, int width) {
        int pairs = by.frequencies().length;
        for (int head = 0; head < width; head += by.headDim()) {
            for (int m = 0; m < pairs; m++) {
                int first = head + by.first(m);
                int second = head + by.second(m);
                float cosine = cosines[token * pairs + m];
                float sine = sines[token * pairs + m];
                float a = row[first];
                float b = row[second];
                row[first] = a * cosine - b * sine;
                row[second] = b * cosine + a * sine;
            }
        }
    }
}
