package dev.flexgen.engine.device;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where {@link TwinMemory} keeps one copy of the operands; finds there what is known by its place in the other. */
@FunctionalInterface
interface Side {

    MemorySegment of(MemorySegment segment);

    default Rows of(Rows rows) {
        return new Rows(of(rows.data()), rows.count(), rows.width());
    }

    default Matrix of(Matrix matrix) {
        return new Matrix(matrix.encoding(), matrix.rows(), matrix.columns(), of(matrix.data()));
    }

    default Linear of(Linear linear) {
        return new Linear(of(linear.weight()), orNone(linear.bias()));
    }

    default Norm of(Norm norm) {
        return new Norm(norm.kind(), norm.epsilon(), orNone(norm.weight()), orNone(norm.bias()));
    }

    default KvView of(KvView cache) {
        return new KvView(
                cache.encoding(),
                cache.heads(),
                cache.headDim(),
                cache.blockTokens(),
                blocks(cache.keys()),
                blocks(cache.values()),
                cache.sealedBlocks());
    }

    default List<KvSequence> of(List<KvSequence> sequences) {
        return sequences.stream()
                .map(sequence -> new KvSequence(of(sequence.cache()), sequence.position(), sequence.rows()))
                .toList();
    }

    default KvSealing of(KvSealing block) {
        return new KvSealing(
                block.encoding(),
                block.heads(),
                block.headDim(),
                of(block.keys()),
                of(block.values()),
                of(block.sealedKeys()),
                of(block.sealedValues()));
    }

    private List<MemorySegment> blocks(List<MemorySegment> segments) {
        return segments.stream().map(segment -> of(segment)).toList();
    }

    private @Nullable MemorySegment orNone(@Nullable MemorySegment segment) {
        return segment == null ? null : of(segment);
    }
}
