package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;

/**
 * One tensor as {@code numpy.save} writes it: a magic number, the format's version, a header that is the text of a Python
 * dictionary, then the elements and nothing else.
 */
final class NumpyFile {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    /** Magic, version and the narrower of the two header lengths. */
    private static final int SHORTEST = 10;
    /** numpy's own limit for files that it does not trust. */
    private static final long LONGEST_HEADER = 10_000;

    private NumpyFile() {}

    /** The file's tensor, checked against the file's size but not touched. */
    static PlainTensor read(MappedFile file) {
        ForeignContent.refuseInNumpy(file);
        if (file.size() < SHORTEST) {
            throw cutOff(file, SHORTEST);
        }
        if (!file.has(0, MAGIC)) {
            throw damaged(file, "it does not begin with the magic number of numpy's .npy format");
        }
        int version = file.unsignedByte(6);
        if (version < 1 || version > 3) {
            throw EngineException.model(
                    file.path() + " is in version " + version + "." + file.unsignedByte(7)
                            + " of numpy's .npy format, and only 1.0, 2.0 and 3.0 are known; save the array again with numpy.save");
        }
        long headerStart = version == 1 ? SHORTEST : SHORTEST + 2;
        if (file.size() < headerStart) {
            throw cutOff(file, headerStart);
        }
        long headerBytes = version == 1 ? file.unsignedShort(8) : file.unsignedInt(8);
        if (headerBytes > LONGEST_HEADER) {
            throw damaged(
                    file, "its header length is " + headerBytes + ", more than the " + LONGEST_HEADER + " numpy reads");
        }
        long dataStart = headerStart + headerBytes;
        if (file.size() < dataStart) {
            throw cutOff(file, dataStart);
        }
        return tensor(file, new NumpyHeader(file, file.text(headerStart, (int) headerBytes)), dataStart);
    }

    private static PlainTensor tensor(MappedFile file, NumpyHeader header, long dataStart) {
        ElementType type = type(file, header.descr());
        Shape shape = Shape.of(header.extents());
        if (header.fortranOrder() && shape.rank() > 1) {
            throw EngineException.model(file.path() + " holds its array column by column (fortran_order);"
                    + " save it again row by row: numpy.save(file, numpy.ascontiguousarray(array))");
        }
        long bytes;
        try {
            bytes = type.bytes(shape.elements());
            Math.addExact(bytes, dataStart);
        } catch (ArithmeticException _) {
            throw damaged(file, "its shape " + shape + " has more elements than any file can hold");
        }
        if (file.size() - dataStart < bytes) {
            throw cutOff(file, dataStart + bytes);
        }
        if (file.size() - dataStart > bytes) {
            throw damaged(
                    file,
                    "it has " + (file.size() - dataStart - bytes) + " bytes after the " + bytes + " of its shape "
                            + shape);
        }
        MemorySegment data = file.bytes().asSlice(dataStart, bytes);
        return new PlainTensor(file, type, shape, data);
    }

    /** numpy has no bfloat16: libraries that add one have it saved as two opaque bytes. */
    private static ElementType type(MappedFile file, String descr) {
        return switch (descr) {
            case "<f2" -> ElementType.F16;
            case "<f4" -> ElementType.F32;
            case "<f8" -> ElementType.F64;
            case "|V2", "<V2" -> ElementType.BF16;
            default ->
                throw EngineException.model(file.path() + " has elements of numpy's type '" + Quoted.text(descr)
                        + "', but weights must be <f2 (float16), <f4 (float32), <f8 (float64) or |V2 (bfloat16), little-endian;"
                        + " save the array again as float16");
        };
    }

    static EngineException damaged(MappedFile file, String what) {
        return EngineException.model(
                file.path() + ": " + what + "; the file is damaged, convert or download the model again");
    }

    private static EngineException cutOff(MappedFile file, long expected) {
        return EngineException.model(file.path() + " has " + file.size() + " bytes where " + expected
                + " are expected, most likely an interrupted conversion or copy; convert or copy the model again");
    }
}
