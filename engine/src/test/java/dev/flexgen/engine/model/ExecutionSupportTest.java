package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.Specs;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import dev.flexgen.engine.model.FeedForwardSpec.Experts;
import dev.flexgen.engine.model.FeedForwardSpec.Gated;
import dev.flexgen.engine.model.FeedForwardSpec.Plain;
import dev.flexgen.engine.model.FeedForwardSpec.Router;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Coming families can be described, and are refused rather than computed wrongly. */
class ExecutionSupportTest {

    private static final NormSpec LAYER_NORM = new NormSpec(NormSpec.Kind.LAYER_NORM, 1e-5f);
    private static final NormSpec RMS = new NormSpec(NormSpec.Kind.RMS_NORM, 1e-6f);
    private static final FeedForwardSpec PLAIN = new Plain(128, Activation.RELU, Bias.ALWAYS);
    private static final Positions LEARNED = new Positions.Learned(2);

    private static AttentionSpec attention(Positions positions, Optional<NormSpec> headNorm) {
        return new AttentionSpec(4, 2, 8, Bias.ALWAYS, Bias.NONE, positions, headNorm);
    }

    private static Block block(NormSpec norm, Positions positions, FeedForwardSpec feedForward) {
        AttentionSpec attention = attention(positions, Optional.empty());
        return new Block(norm, NormPlace.BEFORE, Residual.SEQUENTIAL, attention, feedForward);
    }

    private static ModelSpec spec(Optional<NormSpec> tokensNorm, Bias headBias, Block... blocks) {
        ModelSpec tiny = Specs.tiny(16);
        return new ModelSpec(
                "made-up",
                32,
                new TokenTable(97, 32, tokensNorm),
                new LayerStack(Stream.of(blocks)
                        .map(block -> new LayerStack.Run(block, 1))
                        .toList()),
                Optional.of(LAYER_NORM),
                new HeadSpec(false, headBias),
                16,
                tiny.beginToken(),
                tiny.endTokens());
    }

    private static ModelSpec spec(Block... blocks) {
        return spec(Optional.empty(), Bias.NONE, blocks);
    }

    private static Experts experts() {
        Gated expert = new Gated(64, Activation.SILU);
        Router router = new Router(Router.Scores.SIGMOID, true, 2, 1, true, 2.5);
        return new Experts(8, 2, expert, router, Optional.of(expert));
    }

    static Stream<Arguments> strange() {
        Block plain = block(LAYER_NORM, LEARNED, PLAIN);
        AttentionSpec attention = plain.attention();
        ModelSpec tied = new ModelSpec(
                "made-up",
                32,
                new TokenTable(97, 32, Optional.empty()),
                LayerStack.of(plain, 1),
                Optional.empty(),
                new HeadSpec(true, Bias.ALWAYS),
                16,
                OptionalInt.empty(),
                Set.of());
        return Stream.of(
                Arguments.of("biases of a head that is the token table", tied),
                Arguments.of(
                        "norms on both sides of attention",
                        spec(new Block(LAYER_NORM, NormPlace.AROUND, Residual.SEQUENTIAL, attention, PLAIN))),
                Arguments.of(
                        "side by side",
                        spec(new Block(LAYER_NORM, NormPlace.BEFORE, Residual.PARALLEL, attention, PLAIN))),
                Arguments.of(
                        "one norm behind attention",
                        spec(new Block(LAYER_NORM, NormPlace.AFTER, Residual.PARALLEL_SHARED_NORM, attention, PLAIN))),
                Arguments.of(
                        "layers that differ in more than",
                        spec(plain, block(LAYER_NORM, new Positions.None(), PLAIN))));
    }

    @ParameterizedTest
    @MethodSource("strange")
    void whatIsNotComputedIsNamed(String what, ModelSpec spec) {
        assertThatThrownBy(() -> ExecutionSupport.require(spec))
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll("Models of type made-up need ", what, "does not compute");
    }

    static Stream<ModelSpec> usual() {
        return Stream.of(
                Specs.tiny(16),
                spec(Optional.of(LAYER_NORM), Bias.ALWAYS, block(LAYER_NORM, new Positions.Alibi(), PLAIN)),
                spec(block(RMS, new Positions.Rotary(8, 1e4, true), new Gated(128, Activation.SILU))),
                spec(block(LAYER_NORM, LEARNED, PLAIN), block(LAYER_NORM, LEARNED, experts())));
    }

    @ParameterizedTest
    @MethodSource("usual")
    void whatFamiliesNeedIsComputed(ModelSpec spec) {
        assertThat(ExecutionSupport.missing(spec)).isEmpty();
    }

    @Test
    void layersOfSeveralKindsHaveTheirOwnTensors() {
        ModelSpec spec = spec(
                block(RMS, LEARNED, new Gated(128, Activation.SILU)),
                block(RMS, LEARNED, experts()),
                block(RMS, LEARNED, experts()));
        assertThat(spec.stack().runs()).hasSize(2);
        List<TensorSpec> gates = spec.tensors().stream()
                .filter(tensor -> tensor.role().equals(ModelPart.GATE.weight()))
                .toList();
        assertThat(gates).extracting(TensorSpec::firstLayer).containsExactly(0, 1);
        assertThat(gates).extracting(TensorSpec::count).containsExactly(1L, 16L);
        assertThat(gates).extracting(TensorSpec::shape).hasToString("[[128, 32], [64, 32]]");
        assertThat(spec.tensors())
                .extracting(TensorSpec::role)
                .contains(new Role(ModelPart.ROUTER, Param.CORRECTION), ModelPart.SHARED_DOWN.weight())
                .doesNotContain(ModelPart.ATTENTION_OUT.bias(), ModelPart.ATTENTION_NORM.bias());
    }
}
