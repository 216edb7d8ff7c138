package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Puts together the spec of a model of Llama's kind: RMS norms before each half, rotary positions, gated feed-forward networks. It
 * reads what all their configs have in common; what is special about a family, the family says.
 */
final class RmsDecoder {

    /** Where a config is silent: what transformers' class says. */
    record Defaults(
            int vocabulary,
            int width,
            int ffnWidth,
            int layers,
            int heads,
            int keyHeads,
            int positions,
            double epsilon,
            int beginToken,
            List<Integer> endTokens) {}

    private final String family;
    private final ConfigJson config;
    private final Defaults defaults;
    private final NormSpec norm;
    private final int width;
    private final int heads;
    private final int keyHeads;
    private final int headDim;
    private final int layers;
    private final Activation activation;
    private final int context;
    private Positions positions = new Positions.None();
    private Bias inputBias = Bias.NONE;
    private Bias outputBias = Bias.NONE;
    private boolean headNorms;
    private int window;
    private IntFunction<FeedForwardSpec> feedForward;

    /** @param headDim where the config states none; 0 for the width over the heads */
    RmsDecoder(String family, ConfigJson config, Defaults defaults, int headDim) {
        this.family = family;
        this.config = config;
        this.defaults = defaults;
        this.norm = new NormSpec(NormSpec.Kind.RMS_NORM, (float) config.number("rms_norm_eps", defaults.epsilon()));
        this.width = config.size("hidden_size", defaults.width());
        this.heads = config.size("num_attention_heads", defaults.heads());
        this.keyHeads = config.size("num_key_value_heads", Math.min(heads, defaults.keyHeads()));
        this.layers = config.size("num_hidden_layers", defaults.layers());
        this.context = config.size("max_position_embeddings", defaults.positions());
        this.activation = Activations.of(config, "hidden_act", "silu");
        if (heads % keyHeads != 0) {
            throw config.invalid("num_attention_heads", "is not a multiple of num_key_value_heads (" + keyHeads + ")");
        }
        int stated = config.size("head_dim", headDim == 0 ? -1 : headDim);
        if (stated < 0 && width % heads != 0) {
            throw config.invalid("hidden_size", "is not a multiple of num_attention_heads (" + heads + ")");
        }
        this.headDim = stated < 0 ? width / heads : stated;
        FeedForwardSpec dense = dense();
        this.feedForward = _ -> dense;
    }

    /** @param share of a head's numbers that is turned where the config states none */
    RmsDecoder rotary(double share, boolean interleaved) {
        positions = new RotaryConfig(config, 10_000, share, interleaved, context).of(headDim);
        return this;
    }

    RmsDecoder biases(Bias input, Bias output) {
        inputBias = input;
        outputBias = output;
        return this;
    }

    /** Each head of q and k is normed. */
    RmsDecoder headNorms() {
        headNorms = true;
        return this;
    }

    /** @param seen positions that a token sees; 0 for all */
    RmsDecoder window(int seen) {
        window = seen;
        return this;
    }

    /** Another feed-forward network than {@link #dense()}, by layer. */
    RmsDecoder feedForward(IntFunction<FeedForwardSpec> byLayer) {
        feedForward = byLayer;
        return this;
    }

    /** The one that {@code intermediate_size} describes. */
    FeedForwardSpec.Gated dense() {
        return gated(config.size("intermediate_size", defaults.ffnWidth()));
    }

    FeedForwardSpec.Gated gated(int neurons) {
        return new FeedForwardSpec.Gated(neurons, activation);
    }

    ModelSpec spec() {
        AttentionSpec attention = new AttentionSpec(
                heads,
                keyHeads,
                headDim,
                inputBias,
                outputBias,
                positions,
                headNorms ? Optional.of(norm) : Optional.empty(),
                window);
        List<LayerStack.Run> runs = new ArrayList<>();
        for (int from = 0; from < layers; ) {
            FeedForwardSpec network = feedForward.apply(from);
            int to = from + 1;
            while (to < layers && feedForward.apply(to).equals(network)) {
                to++;
            }
            Block block = new Block(norm, NormPlace.BEFORE, Residual.SEQUENTIAL, attention, network);
            runs.add(new LayerStack.Run(block, to - from));
            from = to;
        }
        return new ModelSpec(
                family,
                width,
                new TokenTable(config.size("vocab_size", defaults.vocabulary()), width, Optional.empty()),
                new LayerStack(runs),
                Optional.of(norm),
                new HeadSpec(config.flag("tie_word_embeddings", false), Bias.NONE),
                positions instanceof Positions.Rotary rotary ? rotary.scaling().context(context) : context,
                config.token("bos_token_id", defaults.beginToken()),
                config.tokens("eos_token_id", defaults.endTokens()));
    }

    /** Names of attention and norms, which they share. */
    static TensorNames.Builder names() {
        String layer = "layers.{layer}.";
        return TensorNames.withPrefixes("model.")
                .part(ModelPart.TOKENS, "embed_tokens")
                .part(ModelPart.FINAL_NORM, "norm")
                .part(ModelPart.HEAD, "lm_head")
                .part(ModelPart.ATTENTION_NORM, layer + "input_layernorm")
                .part(ModelPart.QUERY, layer + "self_attn.q_proj")
                .part(ModelPart.KEY, layer + "self_attn.k_proj")
                .part(ModelPart.VALUE, layer + "self_attn.v_proj")
                .part(ModelPart.QUERY_NORM, layer + "self_attn.q_norm")
                .part(ModelPart.KEY_NORM, layer + "self_attn.k_norm")
                .part(ModelPart.ATTENTION_OUT, layer + "self_attn.o_proj")
                .part(ModelPart.FFN_NORM, layer + "post_attention_layernorm");
    }

    /** And of a gated network. */
    static TensorNames.Builder gatedNames() {
        String mlp = "layers.{layer}.mlp.";
        return names().part(ModelPart.GATE, mlp + "gate_proj")
                .part(ModelPart.UP, mlp + "up_proj")
                .part(ModelPart.DOWN, mlp + "down_proj");
    }

    /** Of layers with experts beside such without. */
    static TensorNames.Builder expertNames() {
        String mlp = "layers.{layer}.mlp.";
        return gatedNames()
                .part(ModelPart.ROUTER, mlp + "gate")
                .part(ModelPart.GATE, mlp + "experts.{expert}.gate_proj")
                .part(ModelPart.UP, mlp + "experts.{expert}.up_proj")
                .part(ModelPart.DOWN, mlp + "experts.{expert}.down_proj");
    }
}
