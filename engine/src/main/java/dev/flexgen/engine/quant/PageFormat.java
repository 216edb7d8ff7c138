package dev.flexgen.engine.quant;

import dev.flexgen.engine.quant.Encoding.Grouped;

/**
 * The bytes of a full page of keys and values in fewer bits: {@code number = scale * integer + offset}. Keys have outliers in a few
 * channels, so a group of keys is one channel of one head over all {@link #tokens()} positions. Values have none, so a group of
 * values is up to {@link Grouped#groupSize()} neighbouring channels of one head at one position. Immutable.
 *
 * <p>Heads follow each other. The keys of a head, and likewise its values, hold first the integers, position after position: a
 * position is a row of little-endian words of 32 bits, and word {@code w} holds channels {@code 8 w} to {@code 8 w + 7}, the
 * first in its lowest bits; the last word may be partly empty. Behind them, keys hold the scales of all channels and then their
 * offsets, as many as the words have room for; values hold for each position and group a scale and an offset. What is empty is
 * zero.
 *
 * @param encoding bits, and types of scale and offset; groups of keys are as long as those of values are wide
 */
public record PageFormat(Grouped encoding) {

    /** 4 bits: 4.5 for each number where a head's size is a multiple of 64. */
    public static final PageFormat Q4 = new PageFormat((Grouped) Encoding.Q4);

    /** Channels in a word. */
    public static final int WORD = 8;

    private static final int WORD_BYTES = 4;

    public PageFormat {
        if (encoding.bits() != 4 || encoding.scaleBytes() != WORD_BYTES) {
            throw new IllegalArgumentException("pages of " + encoding);
        }
    }

    /** Positions of a page. */
    public int tokens() {
        return encoding.groupSize();
    }

    /** Channels of a head for which a row of words has room. */
    public int channels(int headDim) {
        return Math.ceilDiv(headDim, WORD) * WORD;
    }

    /** Bytes of the integers of one head at one position. */
    public int rowBytes(int headDim) {
        return channels(headDim) / WORD * WORD_BYTES;
    }

    /** Where the scales of a head begin. */
    public int scalesAt(int headDim) {
        return tokens() * rowBytes(headDim);
    }

    /** Where the offsets of a head's keys begin. */
    public int keyOffsetsAt(int headDim) {
        return scalesAt(headDim) + encoding.scale().bytes() * channels(headDim);
    }

    /** Groups of a head's values at one position. */
    public int valueGroups(int headDim) {
        return encoding.groups(headDim);
    }

    /** Bytes of one head's keys. */
    public int keyBytes(int headDim) {
        return scalesAt(headDim) + encoding.scaleBytes() * channels(headDim);
    }

    /** Bytes of one head's values. */
    public int valueBytes(int headDim) {
        return scalesAt(headDim) + encoding.scaleBytes() * tokens() * valueGroups(headDim);
    }
}
