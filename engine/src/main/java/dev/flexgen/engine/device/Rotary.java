package dev.flexgen.engine.device;

/**
 * How pairs of numbers of each head are turned by the position of their token: by {@code position * frequencies[m]} radians. The
 * numbers of a head beyond the first {@link #dims()} pass through.
 *
 * @param frequencies of pair m; not changed by anybody
 * @param interleaved whether pair m is {@code (2m, 2m + 1)}, or else {@code (m, m + dims / 2)}
 * @param magnitude by which turned numbers are multiplied
 */
public record Rotary(int headDim, float[] frequencies, boolean interleaved, float magnitude) {

    /** Turns and nothing else. */
    public Rotary(int headDim, float[] frequencies, boolean interleaved) {
        this(headDim, frequencies, interleaved, 1);
    }

    public Rotary {
        if (frequencies.length == 0 || 2 * frequencies.length > headDim) {
            throw new IllegalArgumentException(frequencies.length + " pairs in a head of " + headDim);
        }
    }

    /** Numbers of a head that are turned. */
    public int dims() {
        return 2 * frequencies.length;
    }

    /** Where in a head the first number of pair {@code m} is. */
    public int first(int m) {
        return interleaved ? 2 * m : m;
    }

    /** And the second. */
    public int second(int m) {
        return interleaved ? 2 * m + 1 : m + frequencies.length;
    }

    /** Tables are kept by object, since a model has one for all its layers. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
