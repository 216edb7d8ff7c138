package dev.flexgen.engine.plan;

/** What plans are made for where prompt and reply want different ones: a message of some sentences, and a reply of a few more. */
public final class ExpectedTurn {

    /** Tokens. */
    public static final int PROMPT = 64;

    /** Likewise. */
    public static final int REPLY = 128;

    private ExpectedTurn() {}

    static double seconds(CostModel cost, Plan plan, Footprint footprint) {
        double token =
                cost.step(plan, footprint, Step.decode(PROMPT + REPLY / 2)).seconds();
        return cost.prefill(plan, footprint, PROMPT, 1).seconds() + REPLY * token;
    }
}
