package dev.flexgen.engine.plan;

/**
 * What a plan is made for: a conversation, whose replies come one at a time, or a job of many prompts, whose replies are under way
 * together.
 *
 * @param context most tokens of a sequence
 * @param sequences of that length for which there is room
 * @param drafted tokens that a step of a reply verifies beside the one that was chosen
 * @param newTokens of each reply of a job, the prompt being the rest of the context; 0 for a conversation
 * @param stepTokens most new tokens of a step: the more, the fewer times weights are read for prompts, and the larger the activations
 */
public record Workload(int context, int sequences, int drafted, int newTokens, int stepTokens) {

    /** Most tokens of one step of a conversation: enough to keep the arithmetic busy, few enough that activations stay small. */
    public static final int STEP_TOKENS = 512;

    public Workload {
        if (context < 1 || sequences < 1 || drafted < 0 || newTokens < 0 || newTokens > context || stepTokens < 1) {
            throw new IllegalArgumentException(sequences + " sequences of " + context + " tokens, " + newTokens
                    + " of them new, by " + stepTokens);
        }
    }

    /** One conversation. */
    public static Workload conversation(int context, int drafted) {
        return new Workload(context, 1, drafted, 0, Math.min(STEP_TOKENS, context));
    }

    /** A job. */
    public static Workload job(int context, int sequences, int newTokens, int stepTokens) {
        return new Workload(context, sequences, 0, newTokens, stepTokens);
    }

    public boolean isJob() {
        return newTokens > 0;
    }

    /** The step of replies, with what they have behind them on average. */
    Step token() {
        return isJob() ? new Step(sequences, 1, context - newTokens / 2) : Step.verify(context / 2, drafted);
    }

    /** By this plans are compared: a reply's next token, or the whole job. */
    StepCost cost(CostModel prices, Plan plan, BlockSizes sizes) {
        StepCost token = prices.step(plan, sizes, token());
        if (!isJob()) {
            return token;
        }
        Step reading = reading();
        double prompts = (double) sequences * prompt() / reading.rows();
        return prices.step(plan, sizes, reading).times(prompts).then(token.times(newTokens));
    }

    double seconds(CostModel prices, Plan plan, BlockSizes sizes) {
        return cost(prices, plan, sizes).seconds();
    }

    /** The same of a plan that has been metered. */
    public StepCost cost(CostModel prices, Plan plan, Footprint footprint) {
        return cost(prices, plan, prices.metered(plan, footprint));
    }

    public double seconds(CostModel prices, Plan plan, Footprint footprint) {
        return cost(prices, plan, footprint).seconds();
    }

    private int prompt() {
        return Math.max(1, context - newTokens);
    }

    /** Prompts of a job share steps; a long one takes several. */
    private Step reading() {
        int prompt = prompt();
        return prompt < stepTokens
                ? new Step(Math.clamp(stepTokens / prompt, 1, sequences), prompt, 0)
                : new Step(1, stepTokens, (prompt - stepTokens) / 2);
    }
}
