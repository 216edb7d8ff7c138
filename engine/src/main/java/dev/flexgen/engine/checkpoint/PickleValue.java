package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.tensor.ElementType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a pickle of tensors can consist of. Values may contain each other, even in circles, and share parts many times over:
 * nothing here may be compared, hashed or printed as a whole.
 */
sealed interface PickleValue {

    /** A whole number, which every number in a checkpoint must fit. */
    record Whole(long value) implements PickleValue {}

    record Text(String value) implements PickleValue {}

    /** Values that no tensor depends on. */
    enum Plain implements PickleValue {
        NONE,
        TRUE,
        FALSE,
        FRACTION
    }

    record Tuple(List<PickleValue> items) implements PickleValue {}

    /** A list or one under construction. */
    record Sequence(List<PickleValue> items) implements PickleValue {}

    /** A dict or OrderedDict; Python keeps the order of insertion in both. */
    record Dictionary(Map<String, PickleValue> entries) implements PickleValue {}

    /** The functions that a state_dict calls; {@link TorchCalls} carries them out. */
    enum Function implements PickleValue {
        ORDERED_DICT,
        REBUILD_TENSOR_V2,
        REBUILD_TENSOR_V3,
        REBUILD_PARAMETER,
        REBUILD_PARAMETER_WITH_STATE,
        SIZE,
        DEVICE
    }

    /** A torch storage class; an untyped one counts bytes. */
    record StorageClass(Optional<ElementType> type) implements PickleValue {}

    /** A torch.dtype. */
    record TypeName(ElementType type) implements PickleValue {}

    /** A reference to the archive entry {@code data/<key>}. */
    record Storage(Optional<ElementType> type, String key, long count) implements PickleValue {}

    /** A tensor as a view of a storage, everything counted in elements; not yet checked against the archive. */
    record View(ElementType type, Storage storage, long offset, List<Long> extents, List<Long> strides)
            implements PickleValue {}
}
