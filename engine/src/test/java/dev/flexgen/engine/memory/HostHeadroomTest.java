package dev.flexgen.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HostHeadroomTest {

    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    @Test
    void theHeapsGrowthTheProgramAndAShareStayFree() {
        long usable = HostHeadroom.usable(16 * GIB, 4 * GIB, 64 * MIB, false);
        assertThat(usable).isEqualTo(16 * GIB - 448 * MIB - 96 * MIB - 256 * MIB);
    }

    @Test
    void besideAGpuItsDriverNeedsSomeToo() {
        assertThat(HostHeadroom.usable(16 * GIB, GIB, 0, false) - HostHeadroom.usable(16 * GIB, GIB, 0, true))
                .isEqualTo(256 * MIB);
    }

    @Test
    void aSmallHeapNeedsLess() {
        assertThat(HostHeadroom.usable(GIB, 128 * MIB, 28 * MIB, false))
                .isEqualTo(GIB - 100 * MIB - 96 * MIB - 16 * MIB);
    }

    @Test
    void aHeapBeyondWhatIsExpectedGrowsNoFurther() {
        assertThat(HostHeadroom.usable(GIB, 4 * GIB, 2 * GIB, false)).isEqualTo(GIB - 96 * MIB - 16 * MIB);
    }

    @Test
    void nothingIsLeftOfVeryLittle() {
        assertThat(HostHeadroom.usable(50 * MIB, 128 * MIB, 0, true)).isZero();
    }

    @Test
    void thisMachineKeepsSome() {
        HostHeadroom.usableBytes(false)
                .ifPresent(usable ->
                        assertThat(usable).isLessThan(AvailableMemory.bytes().orElseThrow()));
    }
}
