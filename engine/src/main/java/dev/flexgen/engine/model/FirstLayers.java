package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;

/** A model cut off behind some of its layers: enough to count what each of many equal layers takes. */
public final class FirstLayers implements StoredTypes {

    private final StoredTypes whole;
    private final ModelSpec spec;

    /** @param whole a model whose layers are all alike */
    public FirstLayers(StoredTypes whole, int layers) {
        if (whole.spec().stack().runs().size() != 1) {
            throw new IllegalArgumentException("the layers of the model differ");
        }
        this.whole = whole;
        this.spec = whole.spec().withStack(LayerStack.of(whole.spec().block(0), layers));
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return whole.has(role);
    }

    @Override
    public DType type(Role role, int layer) {
        return whole.type(role, layer);
    }

    @Override
    public boolean hasOwnHead() {
        return whole.hasOwnHead();
    }
}
