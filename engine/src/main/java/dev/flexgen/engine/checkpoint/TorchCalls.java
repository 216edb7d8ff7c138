package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.checkpoint.PickleValue.Dictionary;
import dev.flexgen.engine.checkpoint.PickleValue.Function;
import dev.flexgen.engine.checkpoint.PickleValue.Plain;
import dev.flexgen.engine.checkpoint.PickleValue.Storage;
import dev.flexgen.engine.checkpoint.PickleValue.StorageClass;
import dev.flexgen.engine.checkpoint.PickleValue.Text;
import dev.flexgen.engine.checkpoint.PickleValue.Tuple;
import dev.flexgen.engine.checkpoint.PickleValue.TypeName;
import dev.flexgen.engine.checkpoint.PickleValue.View;
import dev.flexgen.engine.checkpoint.PickleValue.Whole;
import dev.flexgen.engine.tensor.ElementType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/**
 * The globals a state_dict may name and what calling them yields: a closed list of descriptions of data. An empty result
 * means that the pickle asks for something else, which the caller refuses.
 */
final class TorchCalls {

    private TorchCalls() {}

    static Optional<PickleValue> global(String module, String name) {
        return switch (module + " " + name) {
            case "collections OrderedDict" -> Optional.of(Function.ORDERED_DICT);
            case "torch._utils _rebuild_tensor_v2" -> Optional.of(Function.REBUILD_TENSOR_V2);
            case "torch._utils _rebuild_tensor_v3" -> Optional.of(Function.REBUILD_TENSOR_V3);
            case "torch._utils _rebuild_parameter" -> Optional.of(Function.REBUILD_PARAMETER);
            case "torch._utils _rebuild_parameter_with_state" -> Optional.of(Function.REBUILD_PARAMETER_WITH_STATE);
            case "torch Size" -> Optional.of(Function.SIZE);
            case "torch device" -> Optional.of(Function.DEVICE);
            case "torch.storage UntypedStorage" -> Optional.of(new StorageClass(Optional.empty()));
            default -> module.equals("torch") ? ofTorch(name) : Optional.empty();
        };
    }

    private static Optional<PickleValue> ofTorch(String name) {
        Optional<PickleValue> storage =
                ElementType.ofTorchStorage(name).map(type -> new StorageClass(Optional.of(type)));
        return storage.or(() -> ElementType.ofTorchDtype(name).map(TypeName::new));
    }

    /** The storage that a persistent id stands for: ('storage', class, key, location, count). */
    static Optional<PickleValue> persistent(PickleValue id) {
        if (id instanceof Tuple(var items)
                && items.size() == 5
                && items.get(0) instanceof Text(var kind)
                && kind.equals("storage")
                && items.get(1) instanceof StorageClass(var type)
                && items.get(2) instanceof Text(var key)
                && items.get(4) instanceof Whole(var count)
                && count >= 0) {
            return Optional.of(new Storage(type, key, count));
        }
        return Optional.empty();
    }

    static Optional<PickleValue> call(Function function, List<PickleValue> arguments) {
        return switch (function) {
            case ORDERED_DICT ->
                arguments.isEmpty() ? Optional.of(new Dictionary(new LinkedHashMap<>())) : Optional.empty();
            // (storage, offset, size, stride, requires_grad, hooks[, metadata]): the rest does not concern the numbers.
            case REBUILD_TENSOR_V2 ->
                arguments.size() == 6 || arguments.size() == 7 ? typedView(arguments) : Optional.empty();
            // The same with a dtype after the hooks, for types that have no storage class.
            case REBUILD_TENSOR_V3 ->
                arguments.size() == 7 || arguments.size() == 8 ? untypedView(arguments) : Optional.empty();
            // (tensor, requires_grad, hooks)
            case REBUILD_PARAMETER -> parameter(arguments, 3);
            // The same with attributes that a program put on the parameter, which the numbers do not depend on.
            case REBUILD_PARAMETER_WITH_STATE -> parameter(arguments, 4);
            case SIZE ->
                arguments.size() == 1 && arguments.getFirst() instanceof Tuple size
                        ? Optional.of(size)
                        : Optional.empty();
            case DEVICE -> Optional.of(Plain.NONE);
        };
    }

    private static Optional<PickleValue> parameter(List<PickleValue> arguments, int count) {
        return arguments.size() == count && arguments.getFirst() instanceof View view
                ? Optional.of(view)
                : Optional.empty();
    }

    private static Optional<PickleValue> typedView(List<PickleValue> arguments) {
        return arguments.getFirst() instanceof Storage storage
                ? storage.type().flatMap(type -> view(type, storage, arguments))
                : Optional.empty();
    }

    private static Optional<PickleValue> untypedView(List<PickleValue> arguments) {
        return arguments.getFirst() instanceof Storage storage && arguments.get(6) instanceof TypeName(var type)
                ? view(type, storage, arguments)
                : Optional.empty();
    }

    private static Optional<PickleValue> view(ElementType type, Storage storage, List<PickleValue> arguments) {
        if (arguments.get(1) instanceof Whole(var offset)
                && arguments.get(2) instanceof Tuple(var size)
                && arguments.get(3) instanceof Tuple(var stride)) {
            Optional<List<Long>> extents = counts(size);
            Optional<List<Long>> strides = counts(stride);
            if (offset >= 0
                    && extents.isPresent()
                    && strides.isPresent()
                    && extents.get().size() == strides.get().size()) {
                return Optional.of(new View(type, storage, offset, extents.get(), strides.get()));
            }
        }
        return Optional.empty();
    }

    private static Optional<List<Long>> counts(List<PickleValue> items) {
        boolean valid = items.size() <= Safetensors.HIGHEST_RANK
                && items.stream().allMatch(item -> item instanceof Whole(var value) && value >= 0);
        return valid
                ? Optional.of(items.stream().map(item -> ((Whole) item).value()).toList())
                : Optional.empty();
    }
}
