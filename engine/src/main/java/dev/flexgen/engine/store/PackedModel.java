package dev.flexgen.engine.store;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.model.TensorSpec;
import dev.flexgen.engine.plan.ActiveShares;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.RowSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** A packed model in its folder, which is a model's folder by itself. Immutable; any thread. */
public final class PackedModel implements StoredTypes {

    /** Counts of fewer tokens say little. */
    private static final long LEAST_TOKENS = 64;

    private final Path folder;
    private final ModelSpec spec;
    private final Manifest manifest;

    private PackedModel(Path folder, ModelSpec spec, Manifest manifest) {
        this.folder = folder;
        this.spec = spec;
        this.manifest = manifest;
    }

    /** Whether a folder is meant to hold one; whether it is whole, {@link #in} says. */
    public static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(Manifest.FILE));
    }

    /**
     * The one in a folder.
     *
     * @throws EngineException of kind MODEL if it is unfinished, cut off, or of another version
     */
    public static PackedModel in(Path folder) {
        Manifest manifest = PackStore.valid(folder)
                .orElseThrow(() -> EngineException.model(folder
                        + " holds no whole packed model of this version; pack the model again with"
                        + " 'flexgen-chat pack'"));
        PackedModel model = new PackedModel(folder, Families.read(folder), manifest);
        model.requireWhole();
        return model;
    }

    /** Its list, which may be somebody else's, has every tensor that the description asks for, and in the right shape. */
    private void requireWhole() {
        for (TensorSpec tensor : spec.tensors()) {
            if (tensor.need() == TensorSpec.Need.ALWAYS && !has(tensor.role())) {
                throw unfit("has no " + tensor.role());
            }
        }
        for (PackItem item : PackItem.of(this, encoding())) {
            PackedTensor tensor = tensor(item.role(), item.layer());
            if (tensor.rows() != item.rows()
                    || tensor.columns() != item.columns()
                    || !tensor.encoding().equals(item.encoding())) {
                throw unfit("has " + tensor.key() + " in another shape");
            }
        }
    }

    private EngineException unfit(String how) {
        return EngineException.model(folder.resolve(Manifest.FILE) + " does not fit the model beside it: it " + how
                + "; pack the model again with 'flexgen-chat pack'");
    }

    /** Of the matrices inside the layers. */
    public Encoding encoding() {
        return manifest.header().encoding();
    }

    public PackHeader header() {
        return manifest.header();
    }

    /** Bytes of all weights. */
    public long weightBytes() {
        return manifest.weightBytes();
    }

    /** Shares of active neurons that were counted when the model ran before. */
    public Optional<ActiveShares> activeShares() {
        return ActivityFile.read(folder, spec.layers());
    }

    /** Keeps what was counted for the next plan, if it is worth more than what is there. */
    public void keep(ActiveShares shares) {
        if (activeShares().map(known -> shares.tokens() >= known.tokens()).orElse(shares.tokens() >= LEAST_TOKENS)) {
            ActivityFile.write(folder, shares);
        }
    }

    /** How often experts were chosen when the model ran before, if that is worth a plan. */
    public Optional<ExpertUse> expertUse() {
        return ExpertUseFile.read(folder, spec).filter(use -> use.tokens() >= LEAST_TOKENS);
    }

    /** Adds what was counted to what is kept for the next plan. */
    public void keep(ExpertUse use) {
        ExpertUseFile.write(
                folder,
                ExpertUseFile.read(folder, spec).map(known -> known.and(use)).orElse(use));
    }

    /** A source of its rows; the caller closes it. */
    public RowSource rows() {
        return new PackedRows(this);
    }

    PackedFile open(PackedFile.Caching caching) {
        return new PackedFile(folder.resolve(PackWriter.WEIGHTS), manifest.tensors(), caching, this::invalidate);
    }

    /** Marks the packed model as damaged, so that the next program that opens the model packs it again. */
    private void invalidate() {
        try {
            Files.move(
                    folder.resolve(Manifest.FILE),
                    folder.resolve(Manifest.FILE + ".damaged"),
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            // A store that cannot be written to stays as it is; whoever reads the damage is told each time.
        }
    }

    PackedTensor tensor(Role role, int layer) {
        PackedTensor tensor = manifest.tensors().get(new PackedTensor.Key(role, layer));
        if (tensor == null) {
            throw unfit("has no " + new PackedTensor.Key(role, layer));
        }
        return tensor;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return manifest.tensors().keySet().stream().anyMatch(key -> key.role().equals(role));
    }

    @Override
    public DType type(Role role, int layer) {
        return tensor(role, layer).stored();
    }

    @Override
    public boolean hasOwnHead() {
        return has(ModelPart.HEAD.weight());
    }
}
