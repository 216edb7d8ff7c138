package dev.flexgen.engine.plan;

/** What plans are made for where prompt and reply want different ones: a message of some sentences, and a reply of a few more. */
public final class ExpectedTurn {

    /** Tokens. */
    public static final int PROMPT = 64;

    /** Likewise. */
    public static final int REPLY = 128;

    /** Some messages bring a page of text or a file, which a plan for short ones may read much more slowly. */
    private static final int PASTE = 512;

    private static final double PASTES = 1.0 / 8;

    private ExpectedTurn() {}

    /** @param drafted tokens that a step of the reply verifies beside its own */
    static double seconds(CostModel cost, Plan plan, Footprint footprint, int drafted) {
        double message = cost.prefill(plan, footprint, PROMPT, 1).seconds();
        double paste = cost.prefill(plan, footprint, PASTE, 1).seconds();
        double token = cost.step(plan, footprint, Step.verify(PROMPT + REPLY / 2, drafted))
                .seconds();
        return (1 - PASTES) * message + PASTES * paste + REPLY * token;
    }
}
