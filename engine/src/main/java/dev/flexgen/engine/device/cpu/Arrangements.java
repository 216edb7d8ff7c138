package dev.flexgen.engine.device.cpu;

import java.util.HashMap;
import java.util.Map;

/** The {@link Arrangement} of every kernel and width that was wanted so far. For one thread at a time. */
final class Arrangements {

    private final Map<Order, Arrangement> known = new HashMap<>();

    /** @param kernel equal to others of its encoding */
    private record Order(GroupKernel kernel, int columns) {}

    Arrangement of(GroupKernel kernel, int columns) {
        return known.computeIfAbsent(new Order(kernel, columns), it -> Arrangement.of(it.kernel(), it.columns()));
    }
}
