package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.Erf;
import org.junit.jupiter.api.Test;

class GeluTest {

    @Test
    void isRightToAFewUnitsInTheLastPlace() {
        float[] x = new float[100_003];
        for (int i = 0; i < x.length; i++) {
            x[i] = (i - x.length / 2) * 2e-4f; // to 10 on either side
        }
        float[] y = x.clone();
        Gelu.apply(y, y.length);
        double worst = 0;
        for (int i = 0; i < x.length; i++) {
            double wanted = exact(x[i]);
            worst = Math.max(worst, Math.abs(y[i] - wanted) / Math.ulp((float) wanted));
        }
        // Far from zero the exponent's error counts most, and without multiply-add it is rounded twice as often.
        assertThat(worst).isLessThan(VectorUnit.FMA ? 8 : 40);
    }

    /** By the complement, which the sum of 1 and an error function near -1 would lose. */
    private static double exact(double x) {
        double half = Math.abs(x) / 2 * Erf.complementary(Math.abs(x) / Math.sqrt(2));
        return Math.max(x, 0) - half;
    }

    @Test
    void extremesComeOutAsTheyShould() {
        float[] x = {0, -0f, 1e-30f, -1e-30f, 100, -100, Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NaN};
        Gelu.apply(x, x.length);
        assertThat(x[0]).isEqualTo(0f);
        assertThat(Math.abs(x[1])).isZero();
        assertThat(x[2]).isEqualTo(0.5e-30f);
        assertThat(x[3]).isEqualTo(-0.5e-30f);
        assertThat(x[4]).isEqualTo(100);
        assertThat(Math.abs(x[5])).isLessThan(1e-35f);
        assertThat(x[6]).isEqualTo(Float.MAX_VALUE);
        assertThat(x[7]).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(x[8]).isNaN();
    }
}
