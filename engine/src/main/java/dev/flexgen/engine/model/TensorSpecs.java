package dev.flexgen.engine.model;

import static dev.flexgen.engine.model.ModelPart.*;

import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import dev.flexgen.engine.model.TensorSpec.Need;
import dev.flexgen.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** Lists the tensors of a model: what its parts are, how large, and which may be absent. */
final class TensorSpecs {

    private final ModelSpec spec;
    private final List<TensorSpec> list = new ArrayList<>();
    private boolean perLayer;
    private int firstLayer;
    private int layers = 1;
    private int experts = 1;

    private TensorSpecs(ModelSpec spec) {
        this.spec = spec;
    }

    /** All tensors, those of the whole model first. */
    static List<TensorSpec> of(ModelSpec spec) {
        TensorSpecs specs = new TensorSpecs(spec);
        specs.model();
        specs.perLayer = true;
        for (LayerStack.Run run : spec.stack().runs()) {
            specs.layers = run.layers();
            specs.block(run.block());
            specs.firstLayer += run.layers();
        }
        return List.copyOf(specs.list);
    }

    private void model() {
        TokenTable tokens = spec.tokens();
        int width = spec.width();
        add(TOKENS.weight(), Shape.of(tokens.vocabulary(), tokens.width()), Need.ALWAYS);
        if (spec.block(0).attention().positions() instanceof Positions.Learned(int offset)) {
            add(POSITIONS.weight(), Shape.of((long) spec.positions() + offset, width), Need.ALWAYS);
        }
        tokens.norm().ifPresent(norm -> norm(TOKENS_NORM, norm, tokens.width()));
        if (spec.projectsEmbedding()) {
            add(PROJECT_IN.weight(), Shape.of(width, tokens.width()), Need.ALWAYS);
            add(PROJECT_OUT.weight(), Shape.of(tokens.width(), width), Need.ALWAYS);
        }
        spec.finalNorm().ifPresent(norm -> norm(FINAL_NORM, norm, width));
        projection(HEAD, tokens.vocabulary(), tokens.width(), spec.head().bias(), headNeed());
    }

    private Need headNeed() {
        return spec.head().tied() ? Need.OPTIONAL : Need.ALWAYS;
    }

    private void block(Block block) {
        int width = spec.width();
        AttentionSpec attention = block.attention();
        int queries = attention.heads() * attention.headDim();
        int keys = attention.keyHeads() * attention.headDim();
        norm(ATTENTION_NORM, block.norm(), width);
        projection(QUERY, queries, width, attention.inputBias(), Need.ALWAYS);
        projection(KEY, keys, width, attention.inputBias(), Need.ALWAYS);
        projection(VALUE, keys, width, attention.inputBias(), Need.ALWAYS);
        attention.headNorm().ifPresent(norm -> {
            norm(QUERY_NORM, norm, attention.headDim());
            norm(KEY_NORM, norm, attention.headDim());
        });
        projection(ATTENTION_OUT, width, queries, attention.outputBias(), Need.ALWAYS);
        if (block.residual() != Residual.PARALLEL_SHARED_NORM) {
            norm(FFN_NORM, block.norm(), width);
        }
        if (block.normPlace() == NormPlace.AROUND) {
            norm(ATTENTION_OUT_NORM, block.norm(), width);
            norm(FFN_OUT_NORM, block.norm(), width);
        }
        feedForward(block.feedForward());
    }

    private void feedForward(FeedForwardSpec feedForward) {
        int width = spec.width();
        switch (feedForward) {
            case FeedForwardSpec.Plain plain -> {
                projection(UP, plain.width(), width, plain.bias(), Need.ALWAYS);
                projection(DOWN, width, plain.width(), plain.bias(), Need.ALWAYS);
            }
            case FeedForwardSpec.Gated gated -> gated(GATE, UP, DOWN, gated.width());
            case FeedForwardSpec.Experts mixture -> {
                add(ROUTER.weight(), Shape.of(mixture.count(), width), Need.ALWAYS);
                if (mixture.router().corrected()) {
                    add(new Role(ROUTER, Param.CORRECTION), Shape.of(mixture.count()), Need.ALWAYS);
                }
                mixture.shared().ifPresent(it -> gated(SHARED_GATE, SHARED_UP, SHARED_DOWN, it.width()));
                experts = mixture.count();
                gated(GATE, UP, DOWN, mixture.expert().width());
                experts = 1;
            }
        }
    }

    private void gated(ModelPart gate, ModelPart up, ModelPart down, int neurons) {
        projection(gate, neurons, spec.width(), Bias.NONE, Need.ALWAYS);
        projection(up, neurons, spec.width(), Bias.NONE, Need.ALWAYS);
        projection(down, spec.width(), neurons, Bias.NONE, Need.ALWAYS);
    }

    private void projection(ModelPart part, int outputs, int inputs, Bias bias, Need need) {
        add(part.weight(), Shape.of(outputs, inputs), need);
        switch (bias) {
            case NONE -> {}
            case IF_STORED -> add(part.bias(), Shape.of(outputs), Need.OPTIONAL);
            case ALWAYS -> add(part.bias(), Shape.of(outputs), Need.ALWAYS);
        }
    }

    private void norm(ModelPart part, NormSpec norm, int width) {
        switch (norm.kind()) {
            case LAYER_NORM -> {
                add(part.weight(), Shape.of(width), Need.NORM);
                add(part.bias(), Shape.of(width), Need.NORM);
            }
            case RMS_NORM -> add(part.weight(), Shape.of(width), Need.ALWAYS);
        }
    }

    private void add(Role role, Shape shape, Need need) {
        list.add(new TensorSpec(role, shape, need, perLayer, firstLayer, layers, experts));
    }
}
