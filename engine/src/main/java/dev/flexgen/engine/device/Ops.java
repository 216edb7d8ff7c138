package dev.flexgen.engine.device;

import dev.flexgen.config.Activation;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The operations of a transformer layer on one device, on its stream {@link StreamRole#COMPUTE}. Arguments lie in the device's
 * memory, except arrays, which a call has read when it returns; each call may assume that the ones before it have taken
 * effect. Sizes are checked here, once; contents are not. One thread at a time.
 */
public interface Ops {

    /** {@code out[i] = table[rows[i]]}. */
    void embed(Matrix table, int[] rows, Rows out);

    /** {@code out[i] += table[rows[i]]}. */
    void embedAdd(Matrix table, int[] rows, Rows out);

    /** Normalises every row; {@code out} may be {@code in}. */
    void norm(Norm norm, Rows in, Rows out);

    /** {@code rows[t] += bias}, then {@code out = norm(rows)}; {@code out} may be {@code rows}. A device may do both in one go. */
    default void addBiasNorm(MemorySegment bias, Norm norm, Rows rows, Rows out) {
        addBias(bias, rows);
        norm(norm, rows, out);
    }

    /** {@code out[t][r] = in[t] . weight[r] + bias[r]}. */
    void up(Linear linear, Rows in, Rows out);

    /** Several projections of the same rows: {@code outs[i] = in linears[i]}. A device may do them in one go. */
    default void upEach(List<Linear> linears, Rows in, List<Rows> outs) {
        for (int i = 0; i < linears.size(); i++) {
            up(linears.get(i), in, outs.get(i));
        }
    }

    /** A projection and the non-linearity behind it: {@code out = activation(in linear)}. A device may do both in one go. */
    default void up(Linear linear, Activation activation, Rows in, Rows out) {
        up(linear, in, out);
        activate(activation, out);
    }

    /** Applies the non-linearity in place. */
    void activate(Activation activation, Rows rows);

    /** {@code rows = activation(gate) * rows}, number by number. For devices that can do {@link Capability#GATES}. */
    void gate(Activation activation, Rows gate, Rows rows);

    /**
     * Turns queries or keys by the positions of their tokens, in place. For devices that can do {@link Capability#ROTARY}.
     *
     * @param positions of the rows' tokens
     * @param rows // [tokens, heads * headDim]
     */
    void rotate(Rotary rotary, int[] positions, Rows rows);

    /**
     * Readies queries and keys: each head is normed, if there is a norm, and then turned, in place. For devices that can do {@link
     * Capability#ROTARY}, and norms of the kind. A device may do it in one go.
     *
     * @param positions of the rows' tokens
     */
    default void readyHeads(List<HeadRows> rows, Rotary rotary, int[] positions) {
        for (HeadRows some : rows) {
            Norm norm = some.norm();
            if (norm != null) {
                Rows heads = some.heads(rotary.headDim());
                norm(norm, heads, heads);
            }
            rotate(rotary, positions, some.rows());
        }
    }

    /** {@code out[i] = in[rows[i]]}. For devices that can do {@link Capability#EXPERTS}. */
    void gather(Rows in, int[] rows, Rows out);

    /** {@code out[rows[i]] += factors[i] * in[i]}; no row occurs twice. For devices that can do {@link Capability#EXPERTS}. */
    void scatterAdd(Rows in, int[] rows, float[] factors, Rows out);

    /**
     * All that experts do for a step, in one go: for each of them {@code out[rows[i]] += weights[i] * down(activation(gate(x)) * up(x))}
     * with {@code x = in[rows[i]]}. Up to 16 rows of {@code in} do not depend on each other, to the bit. For devices that can do {@link
     * Capability#EXPERTS}.
     *
     * @param experts some of a layer's, in ascending order, or some of their neurons
     * @return false if the device would do no more than the operations above one after the other; then it has done nothing. A device may
     *     also return false for experts with different numbers of neurons
     */
    default boolean experts(Activation activation, List<RoutedExpert> experts, Rows in, Rows out) {
        return false;
    }

    /**
     * {@code out[t] += sum over n of in[t][n] * weight[n]}. Rows whose input is zero for every token need not be read:
     * after a ReLU that is most of them, and it changes nothing in the result.
     */
    void down(Matrix weight, Rows in, Rows out);

    /** {@code out[t] += in[t]}: joins a partial sum. */
    void add(Rows in, Rows out);

    /** {@code out[t] += bias}, F32, {@code out.width()} long. */
    void addBias(MemorySegment bias, Rows out);

    void copy(Rows in, Rows out);

    /**
     * Stores the keys and values of new tokens.
     *
     * @param keys // [tokens, heads * headDim]
     * @param sequences whose tokens these are, with as many rows together; all caches have the same type and shape, have room
     *     for their rows in blocks that are not sealed, and share no memory that is written
     */
    void append(Rows keys, Rows values, List<KvSequence> sequences);

    /**
     * Causal attention of new tokens over everything in their sequence up to and including themselves, as far as {@code scoring} lets
     * them see: {@code softmax(scores) v}. For up to 16 rows of a sequence its results do not depend on the others, to the bit.
     *
     * @param query // [tokens, queryHeads * headDim]; query heads share key heads in consecutive groups
     * @param sequences as for {@link #append}, except that rows of one sequence may come as several, with more blocks sealed in
     *     the later ones; the caches hold the tokens' own keys and values already
     */
    void attend(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out);

    /** The same with scores that are only scaled. */
    default void attend(Rows query, List<KvSequence> sequences, float scale, Rows out) {
        attend(query, sequences, Scoring.scaled(scale), out);
    }

    /**
     * Seals full blocks: writes their keys and values in the format of sealed pages, the same bits on every device.
     *
     * @param blocks of the same encoding and shape; none twice
     */
    void seal(List<KvSealing> blocks);

    /** {@link #append}, then {@link #attend}. A device may do both in one go. */
    default void appendAndAttend(
            Rows keys, Rows values, Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        append(keys, values, sequences);
        attend(query, sequences, scoring, out);
    }

    /** The same with scores that are only scaled. */
    default void appendAndAttend(
            Rows keys, Rows values, Rows query, List<KvSequence> sequences, float scale, Rows out) {
        appendAndAttend(keys, values, query, sequences, Scoring.scaled(scale), out);
    }
}
