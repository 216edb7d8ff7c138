package dev.flexgen.engine;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Named tensors of zeros, to be added and removed. */
public final class FakeCheckpoint implements Checkpoint {

    private final Map<String, Tensor> tensors = new HashMap<>();

    public FakeCheckpoint with(String name, Shape shape) {
        DType dtype = DType.F32;
        tensors.put(
                name, new Tensor(dtype, shape, MemorySegment.ofArray(new byte[(int) dtype.bytes(shape.elements())])));
        return this;
    }

    public FakeCheckpoint without(String regex) {
        tensors.keySet().removeIf(name -> name.matches(regex));
        return this;
    }

    @Override
    public Set<String> names() {
        return Set.copyOf(tensors.keySet());
    }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        return tensor;
    }

    @Override
    public String description() {
        return "fake";
    }

    @Override
    public void close() {}
}
