package dev.flexgen.engine.tensor;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Element types that checkpoint files may hold, named as safetensors names them. Only some are types of model weights;
 * the others (masks, counters, quantised numbers) are recognised so that a file holding them can be read around them, or
 * refused by their name.
 */
public enum ElementType {
    BOOL(8, "bool", "BoolStorage"),
    U8(8, "uint8", "ByteStorage"),
    I8(8, "int8", "CharStorage"),
    I16(16, "int16", "ShortStorage"),
    U16(16, "uint16", ""),
    I32(32, "int32", "IntStorage"),
    U32(32, "uint32", ""),
    I64(64, "int64", "LongStorage"),
    U64(64, "uint64", ""),
    F4(4, "", ""),
    F6_E2M3(6, "", ""),
    F6_E3M2(6, "", ""),
    F8_E5M2(8, "float8_e5m2", ""),
    F8_E4M3(8, "float8_e4m3fn", ""),
    F8_E8M0(8, "float8_e8m0fnu", ""),
    F16(16, "float16", "HalfStorage"),
    BF16(16, "bfloat16", "BFloat16Storage"),
    F32(32, "float32", "FloatStorage"),
    F64(64, "float64", "DoubleStorage"),
    C64(64, "complex64", "");

    private static final Map<String, ElementType> BY_NAME = index(ElementType::name);
    private static final Map<String, ElementType> BY_TORCH_DTYPE = index(type -> type.torchDtype);
    private static final Map<String, ElementType> BY_TORCH_STORAGE = index(type -> type.torchStorage);

    private final int bits;
    private final String torchDtype;
    private final String torchStorage;

    /** Empty where PyTorch has no such name. */
    ElementType(int bits, String torchDtype, String torchStorage) {
        this.bits = bits;
        this.torchDtype = torchDtype;
        this.torchStorage = torchStorage;
    }

    private static Map<String, ElementType> index(Function<ElementType, String> key) {
        return Arrays.stream(values())
                .filter(type -> !key.apply(type).isEmpty())
                .collect(Collectors.toUnmodifiableMap(key, Function.identity()));
    }

    /** By its name in safetensors files, such as {@code F16}. */
    public static Optional<ElementType> ofSafetensors(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    /** By the name after {@code torch.}, such as {@code float16}. */
    public static Optional<ElementType> ofTorchDtype(String name) {
        return Optional.ofNullable(BY_TORCH_DTYPE.get(name));
    }

    /** By the name after {@code torch.}, such as {@code HalfStorage}. */
    public static Optional<ElementType> ofTorchStorage(String name) {
        return Optional.ofNullable(BY_TORCH_STORAGE.get(name));
    }

    /**
     * Bytes of {@code elements} elements.
     *
     * @throws ArithmeticException if they overflow a long or do not fill whole bytes
     */
    public long bytes(long elements) {
        long total = Math.multiplyExact(elements, (long) bits);
        if (total % Byte.SIZE != 0) {
            throw new ArithmeticException(elements + " elements of " + bits + " bits do not fill whole bytes");
        }
        return total / Byte.SIZE;
    }

    /** The type of numbers that the engine computes with. */
    public static ElementType of(DType type) {
        return switch (type) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
        };
    }

    /** The type in which the engine holds weights that are stored so, if it can read them. */
    public Optional<DType> held() {
        return switch (this) {
            case F64, F32 -> Optional.of(DType.F32);
            case F16 -> Optional.of(DType.F16);
            case BF16 -> Optional.of(DType.BF16);
            case BOOL, U8, I8, I16, U16, I32, U32, I64, U64 -> Optional.empty();
            case F4, F6_E2M3, F6_E3M2, F8_E5M2, F8_E4M3, F8_E8M0, C64 -> Optional.empty();
        };
    }
}
