package dev.flexgen.engine.plan;

/**
 * So many key-head groups and neurons of every layer.
 *
 * @param ups neurons with the first half of their weights
 * @param downs neurons with the second half
 */
record Cut(int heads, int ups, int downs, LayerSizes sizes) {

    /** So much of this one: whole heads; neurons, with both halves, make up for what rounding leaves. */
    Cut part(int share, int of) {
        int partHeads = (int) ((long) heads * share / of);
        long left = bytes() * share / of - partHeads * sizes.headBytes();
        int neurons = sizes.together(left / sizes.neuronBytes(), Math.min(ups, downs));
        return new Cut(partHeads, neurons, neurons, sizes);
    }

    /** So much of this one, second halves of neurons last: where rows of inactive ones are not read, those matter least. */
    Cut partWithDownsLast(int share, int of) {
        long wanted = bytes() * share / of;
        long first = heads * sizes.headBytes() + ups * sizes.upBytes();
        if (wanted >= first) {
            int these = sizes.together((wanted - first) / sizes.downBytes(), downs);
            return new Cut(heads, ups, these, sizes);
        }
        int partHeads = (int) (heads * wanted / first);
        long left = wanted - partHeads * sizes.headBytes();
        return new Cut(partHeads, sizes.together(left / sizes.upBytes(), ups), 0, sizes);
    }

    /** So much of this one, heads first, then whole neurons. */
    Cut partWithHeadsFirst(int share, int of) {
        long wanted = bytes() * share / of;
        int partHeads = (int) Math.min(heads, wanted / sizes.headBytes());
        long left = wanted - partHeads * sizes.headBytes();
        int neurons = sizes.together(left / sizes.neuronBytes(), Math.min(ups, downs));
        return new Cut(partHeads, neurons, neurons, sizes);
    }

    /** So much of this one, whole neurons first, then heads. */
    Cut partWithNeuronsFirst(int share, int of) {
        long wanted = bytes() * share / of;
        int neurons = sizes.together(wanted / sizes.neuronBytes(), Math.min(ups, downs));
        int partHeads = Math.clamp((wanted - neurons * sizes.neuronBytes()) / sizes.headBytes(), 0, heads);
        return new Cut(partHeads, neurons, neurons, sizes);
    }

    Cut without(Cut other) {
        return new Cut(heads - other.heads, ups - other.ups, downs - other.downs, sizes);
    }

    /** With other heads and whole neurons. */
    Cut with(int otherHeads, int otherNeurons) {
        return new Cut(otherHeads, otherNeurons, otherNeurons, sizes);
    }

    /** Weights of a layer. */
    long bytes() {
        return heads * sizes.headBytes() + ups * sizes.upBytes() + downs * sizes.downBytes();
    }
}
