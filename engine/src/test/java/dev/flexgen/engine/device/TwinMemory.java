package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.memory.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The same operands in host memory, where the reference computes, and on the device under test, with guard bytes around each.
 * After an operation every byte of both is compared, so that one written outside of the result is seen. The guards are
 * not-a-numbers in every element type, so that one that gets into a result is seen too.
 */
final class TwinMemory implements SegmentAllocator, AutoCloseable {

    private static final long ALIGNMENT = 256;
    private static final byte GUARD = -1;

    private final Device device;
    private final Stream stream;
    private final Ops reference = new ScalarOps();
    private final Buffer host;
    private final Buffer readBack;
    private final Buffer twin;
    private long used;

    TwinMemory(Device device, long bytes) {
        this.device = device;
        this.stream = device.stream(StreamRole.COMPUTE);
        host = device.allocateHost("operands", bytes);
        readBack = device.allocateHost("operands", bytes);
        twin = device.allocate("operands", bytes);
        host.segment().fill(GUARD);
        used = ALIGNMENT;
    }

    /** Forgets all operands. */
    void clear() {
        host.segment().asSlice(0, used).fill(GUARD);
        used = ALIGNMENT;
    }

    /** Host memory that has a twin; not zeroed. */
    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        MemorySegment segment = host.segment().asSlice(used, bytes);
        used += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT + ALIGNMENT;
        return segment;
    }

    Matrix onDevice(Matrix matrix) {
        return twinSide().of(matrix);
    }

    Rows onDevice(Rows rows) {
        return twinSide().of(rows);
    }

    KvView onDevice(KvView cache) {
        return twinSide().of(cache);
    }

    private Side twinSide() {
        return segment -> at(twin.segment(), segment);
    }

    /** Does an operation that leaves the same bits everywhere. */
    void identical(BiConsumer<Ops, Side> operation) {
        run(operation);
        assertNothingElseDiffers();
    }

    /** Does an operation on both sides, compares, and puts the outputs back as they were. */
    void same(List<Rows> outputs, Tolerance tolerance, BiConsumer<Ops, Side> operation) {
        List<byte[]> before = outputs.stream()
                .map(rows -> rows.data().toArray(ValueLayout.JAVA_BYTE))
                .toList();
        run(operation);
        for (Rows output : outputs) {
            MemorySegment actual = at(readBack.segment(), output.data());
            compare(actual, output, tolerance);
            actual.copyFrom(output.data());
        }
        assertNothingElseDiffers();
        for (int i = 0; i < outputs.size(); i++) {
            outputs.get(i).data().copyFrom(MemorySegment.ofArray(before.get(i)));
        }
    }

    /** What an operation leaves in {@code output} on the device. */
    byte[] bits(Rows output, BiConsumer<Ops, Side> operation) {
        onDevice(operation);
        return at(readBack.segment(), output.data()).toArray(ValueLayout.JAVA_BYTE);
    }

    private void run(BiConsumer<Ops, Side> operation) {
        onDevice(operation);
        operation.accept(reference, segment -> segment);
    }

    /** Once more, if the device asks for that; a second time it has no reason to. */
    private void onDevice(BiConsumer<Ops, Side> operation) {
        once(operation);
        if (device.mustRepeat()) {
            once(operation);
            assertThat(device.mustRepeat()).as("repeated twice").isFalse();
        }
    }

    private void once(BiConsumer<Ops, Side> operation) {
        stream.upload(host.segment().asSlice(0, used), twin.segment().asSlice(0, used));
        operation.accept(device.ops(), twinSide());
        stream.download(twin.segment().asSlice(0, used), readBack.segment().asSlice(0, used));
        stream.join();
    }

    private MemorySegment at(MemorySegment base, MemorySegment segment) {
        return base.asSlice(segment.address() - host.segment().address(), segment.byteSize());
    }

    private void assertNothingElseDiffers() {
        long where = host.segment().asSlice(0, used).mismatch(readBack.segment().asSlice(0, used));
        assertThat(where).as("first byte outside of the result that differs").isEqualTo(-1);
    }

    private static void compare(MemorySegment actual, Rows expected, Tolerance tolerance) {
        for (int row = 0; row < expected.count(); row++) {
            for (int i = 0; i < expected.width(); i++) {
                long index = (long) row * expected.width() + i;
                float wanted = expected.data().getAtIndex(ValueLayout.JAVA_FLOAT, index);
                float got = actual.getAtIndex(ValueLayout.JAVA_FLOAT, index);
                double allowed = tolerance.of(row, wanted);
                if (!(Math.abs(got - wanted) <= allowed)) { // an assertion object for every number would take minutes
                    assertThat(got).as("number %d of row %d", i, row).isCloseTo(wanted, within((float) allowed));
                }
            }
        }
    }

    @Override
    public void close() {
        twin.close();
        readBack.close();
        host.close();
    }
}
