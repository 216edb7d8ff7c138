package dev.flexgen.engine.model;

import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import dev.flexgen.engine.model.RowSelection.Axis;
import java.util.List;
import java.util.Optional;

/**
 * CodeGen in its first version, nl, multi and mono ({@code model_type} "codegen").
 *
 * <p>Attention and feed-forward network both begin with the same normed rows. Rotary positions turn neighbours in the first {@code
 * rotary_dim} numbers of a head. Query, value and key, in this order, are one tensor of four parts, each with a quarter of the
 * heads, as it was trained on four machines. The head has biases. Source: {@code modeling_codegen.py} of transformers.
 */
final class CodeGen implements Family {

    private static final int PARTS = 4;

    private static final String LAYER = "h.{layer}.";
    private static final String FUSED = LAYER + "attn.qkv_proj";

    private static final TensorNames NAMES = TensorNames.withPrefixes("transformer.")
            .part(ModelPart.TOKENS, "wte")
            .part(ModelPart.FINAL_NORM, "ln_f")
            .part(ModelPart.HEAD, "lm_head")
            .part(ModelPart.ATTENTION_NORM, LAYER + "ln_1")
            .rows(ModelPart.QUERY, FUSED, (spec, _, _) -> part(spec, 0))
            .rows(ModelPart.VALUE, FUSED, (spec, _, _) -> part(spec, 1))
            .rows(ModelPart.KEY, FUSED, (spec, _, _) -> part(spec, 2))
            .part(ModelPart.ATTENTION_OUT, LAYER + "attn.out_proj")
            .part(ModelPart.UP, LAYER + "mlp.fc_in")
            .part(ModelPart.DOWN, LAYER + "mlp.fc_out")
            .build();

    private static RowSelection part(ModelSpec spec, int part) {
        long rows = (long) spec.heads() * spec.headDim() / PARTS;
        return new RowSelection(3 * PARTS * rows, part * rows, List.of(new Axis(PARTS, 3 * rows), new Axis(rows, 1)));
    }

    @Override
    public String name() {
        return "codegen";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        int width = config.size("n_embd", 4096);
        int heads = config.size("n_head", 16);
        if (width % heads != 0 || heads % PARTS != 0) {
            throw config.invalid("n_head", "is " + heads + ", not a multiple of 4 that divides n_embd (" + width + ")");
        }
        int headDim = width / heads;
        int turned = config.size("rotary_dim", Math.min(64, headDim));
        if (turned > headDim || turned % 2 != 0) {
            throw config.invalid("rotary_dim", "is " + turned + ", not an even number up to " + headDim);
        }
        NormSpec norm = new NormSpec(NormSpec.Kind.LAYER_NORM, (float) config.number("layer_norm_epsilon", 1e-5));
        AttentionSpec attention = new AttentionSpec(
                heads,
                heads,
                headDim,
                Bias.NONE,
                Bias.NONE,
                new Positions.Rotary(turned, 10_000, true),
                Optional.empty());
        FeedForwardSpec feedForward = new FeedForwardSpec.Plain(
                config.size("n_inner", 4 * width),
                Activations.of(config, "activation_function", "gelu_new"),
                Bias.ALWAYS);
        return new ModelSpec(
                name(),
                width,
                new TokenTable(config.size("vocab_size", 50_400), width, Optional.empty()),
                LayerStack.of(
                        new Block(norm, NormPlace.BEFORE, Residual.PARALLEL_SHARED_NORM, attention, feedForward),
                        config.size("n_layer", 28)),
                Optional.of(norm),
                new HeadSpec(config.flag("tie_word_embeddings", false), Bias.ALWAYS),
                config.size("n_positions", 2048),
                config.token("bos_token_id", 50_256),
                config.tokens("eos_token_id", 50_256));
    }
}
