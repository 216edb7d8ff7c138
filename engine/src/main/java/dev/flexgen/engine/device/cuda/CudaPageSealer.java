package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvSealing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Seals full blocks of caches: keys and values of each head by a thread block. */
final class CudaPageSealer {

    /** {@code SEALS} and {@code Seals} in rows.cu. */
    private static final int SEALS = 32;

    private static final int BYTES = 4 * 8 * SEALS;

    private final KernelArguments arguments;
    private final Kernel kernel;

    CudaPageSealer(KernelLauncher launcher, KernelArguments arguments) {
        this.arguments = arguments;
        this.kernel = new Kernel(launcher, "rows_seal", 128, 0);
    }

    void seal(List<KvSealing> blocks) {
        for (int from = 0; from < blocks.size(); from += SEALS) {
            List<KvSealing> some = blocks.subList(from, Math.min(blocks.size(), from + SEALS));
            KvSealing shape = some.getFirst();
            arguments.clear().number(shape.headDim());
            MemorySegment seals = arguments.structure(BYTES);
            for (int i = 0; i < some.size(); i++) {
                KvSealing block = some.get(i);
                seals.setAtIndex(ValueLayout.JAVA_LONG, i, block.keys().address());
                seals.setAtIndex(
                        ValueLayout.JAVA_LONG, SEALS + i, block.values().address());
                seals.setAtIndex(
                        ValueLayout.JAVA_LONG, 2 * SEALS + i, block.sealedKeys().address());
                seals.setAtIndex(
                        ValueLayout.JAVA_LONG,
                        3 * SEALS + i,
                        block.sealedValues().address());
            }
            kernel.launch(shape.encoding().open().elementType(), shape.heads(), 2, some.size(), arguments);
        }
    }
}
