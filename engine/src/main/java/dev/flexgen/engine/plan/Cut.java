package dev.flexgen.engine.plan;

/**
 * So many key-head groups and neurons of every layer.
 *
 * @param headBytes weights of one key-head group of a layer
 * @param neuronBytes weights of one neuron of a layer
 */
record Cut(int heads, int neurons, long headBytes, long neuronBytes) {

    static final Cut NONE = new Cut(0, 0, 1, 1);

    /** So much of this one: whole heads; neurons make up for what rounding leaves. */
    Cut part(int share, int of) {
        int partHeads = (int) ((long) heads * share / of);
        long left = bytes() * share / of - partHeads * headBytes;
        return with(partHeads, Math.clamp(left / neuronBytes, 0, neurons));
    }

    Cut without(Cut other) {
        return with(heads - other.heads, neurons - other.neurons);
    }

    Cut with(int otherHeads, int otherNeurons) {
        return new Cut(otherHeads, otherNeurons, headBytes, neuronBytes);
    }

    /** Weights of a layer. */
    long bytes() {
        return heads * headBytes + neurons * neuronBytes;
    }
}
