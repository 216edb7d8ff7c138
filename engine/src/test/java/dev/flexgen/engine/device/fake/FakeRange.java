package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Rows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A range of factors, as tensor cores have it: numbers beyond it are cut, the caller is told, and the next time they are not. Unlike a
 * real device it forgets then, so that any step is computed twice.
 */
final class FakeRange {

    private final float most;
    private volatile boolean met;
    private volatile boolean wide;

    /** @param most infinite for none that is beyond */
    FakeRange(float most) {
        this.most = most;
    }

    /** The rows as they are multiplied. */
    Rows held(Rows in) {
        if (wide || Float.isInfinite(most)) {
            return in;
        }
        MemorySegment cut = Arena.ofAuto().allocate(in.data().byteSize(), 64);
        for (long i = 0; i < in.data().byteSize() / 4; i++) {
            float number = in.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
            met |= Math.abs(number) > most;
            cut.setAtIndex(ValueLayout.JAVA_FLOAT, i, Math.clamp(number, -most, most));
        }
        return new Rows(cut, in.count(), in.width());
    }

    boolean changed() {
        wide = met;
        met = false;
        return wide;
    }
}
