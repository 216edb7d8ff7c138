package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Neurons are placed in groups that the tensor cores take whole. */
class CutTest {

    /** 7001 neurons: no number of whole groups. */
    private static final LayerSizes SIZES = new LayerSizes(7, 7001, 1000, 10, 30);

    @Test
    void partsHaveWholeGroupsOfNeurons() {
        Cut all = SIZES.all();
        assertThat(SIZES.neuronStep()).isEqualTo(16);
        for (int share = 0; share < 64; share++) {
            assertThat(all.part(share, 64).ups() % 16).isZero();
            assertThat(all.partWithNeuronsFirst(share, 64).ups() % 16).isIn(0, 7001 % 16);
            assertThat(all.partWithHeadsFirst(share, 64).ups() % 16).isZero();
            assertThat(all.partWithDownsLast(share, 64).downs() % 16).isZero();
        }
    }

    @Test
    void theWholeOfARestIsNotRounded() {
        Cut all = SIZES.all();
        Cut rest = all.without(all.part(1, 2));
        assertThat(rest.ups() % 16).isNotZero();
        assertThat(rest.part(64, 64)).isEqualTo(rest);
        assertThat(all.part(64, 64)).isEqualTo(all);
    }

    @Test
    void smallModelsAreCutAtAnyNeuron() {
        assertThat(new LayerSizes(4, 128, 1000, 10, 30).neuronStep()).isEqualTo(1);
    }
}
