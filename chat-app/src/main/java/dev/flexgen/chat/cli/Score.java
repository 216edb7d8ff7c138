package dev.flexgen.chat.cli;

/** The log-probabilities of a text. */
final class Score {

    private final int[] ids;
    private final double[] logprobs;

    /** @param logprobs natural logarithms, one for each id; that of the first is NaN */
    Score(int[] ids, double[] logprobs) {
        this.ids = ids.clone();
        this.logprobs = logprobs.clone();
    }

    int length() {
        return ids.length;
    }

    int id(int position) {
        return ids[position];
    }

    double logprob(int position) {
        return logprobs[position];
    }

    /** Of all tokens but the first, which follows nothing. */
    double sum() {
        double sum = 0;
        for (int i = 1; i < logprobs.length; i++) {
            sum += logprobs[i];
        }
        return sum;
    }

    /** NaN for a text of one token. */
    double perplexity() {
        return logprobs.length < 2 ? Double.NaN : Math.exp(-sum() / (logprobs.length - 1));
    }

    /** The line of {@code score --json}. */
    String json(int index) {
        return JsonLine.of(line -> line.put("index", index)
                .put("ids", ids)
                .put("logprobs", logprobs)
                .put("sum_logprob", sum())
                .put("perplexity", perplexity()));
    }
}
