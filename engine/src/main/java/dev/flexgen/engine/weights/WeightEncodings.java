package dev.flexgen.engine.weights;

import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.quant.Encoding;
import org.jspecify.annotations.Nullable;

/**
 * How every matrix of a model is encoded once it is loaded: as stored, or in an encoding that was chosen for all of them. Of
 * encodings in groups only the matrices inside the layers take the chosen one. The token table and the output head stay at 8
 * bits, since an error there reaches every token, and what is small, as stored.
 *
 * @param stored the checkpoint's
 * @param chosen or null to keep stored types
 */
public record WeightEncodings(StoredTypes stored, @Nullable Encoding chosen) {

    /** Every matrix as stored. */
    public static WeightEncodings asStored(StoredTypes stored) {
        return new WeightEncodings(stored, null);
    }

    public ModelSpec spec() {
        return stored.spec();
    }

    public boolean has(Role role) {
        return stored.has(role);
    }

    public boolean hasOwnHead() {
        return stored.hasOwnHead();
    }

    /** The encoding of a matrix that the model has; vectors are F32 whatever this says. */
    public Encoding of(Role role, int layer) {
        Encoding asStored = Encoding.of(stored.type(role, layer));
        if (chosen == null) {
            return asStored;
        }
        return switch (role.part()) {
            case TOKENS, HEAD -> chosen instanceof Encoding.Grouped ? Encoding.Q8 : chosen;
            case POSITIONS, PROJECT_IN, PROJECT_OUT, ROUTER -> asStored;
            default -> chosen;
        };
    }
}
