package dev.flexgen.engine.store;

import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.model.TensorSpec;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.WeightEncodings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A tensor that a packed model is to hold.
 *
 * @param stored element type in the checkpoint
 * @param rows as they are computed with: one per output, or one per input of a part that leads back; one per number of a vector
 */
record PackItem(Role role, int layer, Encoding encoding, DType stored, int rows, int columns, boolean vector) {

    /** All of a model's, layer after layer, as checkpoints have them. */
    static List<PackItem> of(StoredTypes types, Encoding chosen) {
        List<PackItem> items = new ArrayList<>();
        for (TensorSpec tensor : types.spec().tensors()) {
            Role role = tensor.role();
            boolean tiedHead = role.equals(ModelPart.HEAD.weight()) && !types.hasOwnHead();
            for (int layer = tensor.firstLayer(); types.has(role) && !tiedHead && layer < tensor.endLayer(); layer++) {
                items.add(of(types, chosen, tensor, layer));
            }
        }
        items.sort(Comparator.comparingInt(PackItem::layer)); // stable: tensors of the whole model stay in front
        return items;
    }

    static PackItem of(StoredTypes types, Encoding chosen, TensorSpec tensor, int layer) {
        Role role = tensor.role();
        DType stored = types.type(role, layer);
        int first = Math.toIntExact(tensor.shape().extent(0));
        if (tensor.shape().rank() == 1) {
            return new PackItem(role, layer, Encoding.F32, stored, first, 1, true);
        }
        int second = Math.toIntExact(tensor.shape().extent(1));
        boolean down = role.part().isDown();
        Encoding encoding = new WeightEncodings(types, chosen).of(role, layer);
        int rows = Math.multiplyExact(down ? second : first, tensor.experts()); // expert after expert
        return new PackItem(role, layer, encoding, stored, rows, down ? first : second, false);
    }

    PackedTensor.Key key() {
        return new PackedTensor.Key(role, layer);
    }

    /** Bytes in the file, with what fills the last page. */
    long bytes() {
        return PackedTensor.padded(encoding.bytes(rows, columns));
    }
}
