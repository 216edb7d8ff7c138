package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Totals of vectors folded together are those of each vector alone, to the bit. */
class LaneTotalsTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 15, 16, 17, 33, 132})
    void eachVectorHasItsOwnTotal(int vectors) {
        var random = new SplittableRandom(vectors);
        float[] lanes = new float[LaneTotals.length(vectors)];
        float[] expected = new float[vectors];
        for (int v = 0; v < vectors; v++) {
            float[] alone = new float[Lanes.WIDTH];
            for (int i = 0; i < Lanes.WIDTH; i++) {
                alone[i] = (float) random.nextGaussian();
                lanes[v * Lanes.WIDTH + i] = alone[i];
            }
            expected[v] = Lanes.total(Lanes.load(alone, 0));
        }

        LaneTotals.fold(lanes, vectors);

        for (int v = 0; v < vectors; v++) {
            assertThat(lanes[LaneTotals.at(v)]).as("vector %d", v).isEqualTo(expected[v]);
        }
    }
}
