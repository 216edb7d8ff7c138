package dev.flexgen.engine.exec;

/**
 * What a step computed: for each row that wanted it, a score for every token of the vocabulary. The numbers belong to whoever
 * holds this; no later step changes them.
 */
public final class Logits {

    private final float[] numbers; // [rows, V]
    private final int vocabulary;
    private final int[] firstRows;
    private final boolean[] completed;

    /**
     * Takes over {@code numbers}.
     *
     * @param firstRows of each sequence of the batch
     * @param completed whether each sequence was taken through the model, and not cancelled
     */
    Logits(float[] numbers, int vocabulary, int[] firstRows, boolean[] completed) {
        this.numbers = numbers;
        this.vocabulary = vocabulary;
        this.firstRows = firstRows;
        this.completed = completed;
    }

    /** Whether the sequence's tokens were computed; if not, it was cancelled and its cache is as it was before the step. */
    public boolean completed(int sequence) {
        return completed[sequence];
    }

    /** All rows, one after the other. // [rows, V] */
    public float[] numbers() {
        return numbers;
    }

    /** Where in {@link #numbers()} a row begins. */
    public int offset(int sequence, int row) {
        return (firstRows[sequence] + row) * vocabulary;
    }

    /** Copies one row, the {@code row}-th of those that the sequence wanted, into {@code target}. // [V] */
    public void copyRow(int sequence, int row, float[] target) {
        System.arraycopy(numbers, offset(sequence, row), target, 0, vocabulary);
    }
}
