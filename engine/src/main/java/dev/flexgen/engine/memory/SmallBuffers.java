package dev.flexgen.engine.memory;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Small buffers laid end to end in larger ones, so that the ledger knows what the driver really takes for them. Room that a
 * buffer leaves is not used again before all its neighbours have left too: the GPU may still be at work on it. Thread-safe.
 */
public final class SmallBuffers {

    /** What the driver aligns to, and wide enough for any access of a kernel. */
    private static final long ALIGNMENT = 512;

    private final Supplier<Buffer> source;
    private @Nullable Unit current;

    /** @param source of units large enough for any small buffer */
    public SmallBuffers(Supplier<Buffer> source) {
        this.source = source;
    }

    private static final class Unit {
        private final Buffer buffer;
        private long used;
        private int residents;

        Unit(Buffer buffer) {
            this.buffer = buffer;
        }

        boolean hasRoomFor(long bytes) {
            return bytes <= buffer.segment().byteSize() - used;
        }
    }

    public synchronized Buffer.Memory take(long bytes) {
        Unit unit = current;
        if (unit == null || !unit.hasRoomFor(bytes)) {
            unit = new Unit(source.get());
            current = unit;
        }
        MemorySegment segment = unit.buffer.segment().asSlice(unit.used, bytes);
        unit.used = Math.ceilDiv(unit.used + bytes, ALIGNMENT) * ALIGNMENT;
        unit.residents++;
        Unit home = unit;
        return new Buffer.Memory(segment, () -> leave(home));
    }

    private synchronized void leave(Unit unit) {
        unit.residents--;
        if (unit.residents == 0) {
            if (unit == current) {
                current = null;
            }
            unit.buffer.close();
        }
    }
}
