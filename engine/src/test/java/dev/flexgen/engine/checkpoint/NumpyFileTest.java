package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.NumpyWriter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One .npy file: what is read, and what is refused in which words. */
class NumpyFileTest {

    private static final Path PATH = Path.of("folder", "a.weight");
    private static final byte[] TWELVE = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

    private static PlainTensor read(byte[] bytes) {
        return NumpyFile.read(new MappedFile(PATH, MemorySegment.ofArray(bytes)));
    }

    private static PlainTensor read(String header, int dataBytes) {
        return read(NumpyWriter.bytes(1, header, Arrays.copyOf(TWELVE, dataBytes)));
    }

    private static void assertRefused(byte[] bytes, String... parts) {
        assertThatThrownBy(() -> read(bytes))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(PATH.toString())
                .hasMessageContainingAll(parts)
                .extracting(e -> ((EngineException) e).kind())
                .isEqualTo(EngineException.Kind.MODEL);
    }

    private static void assertRefused(String header, String... parts) {
        assertRefused(NumpyWriter.bytes(1, header, TWELVE), parts);
    }

    @Test
    void aFileThatNumpyItselfWroteIsRead() {
        // numpy.save(file, numpy.array([[1, 2.5, -3], [0, 65504, 0.1]], numpy.float16)) of numpy 2.4.6
        byte[] written = HexFormat.of()
                .parseHex("934e554d5059010076007b276465736372273a20273c6632272c2027666f727472616e5f6f72646572273a20"
                        + "46616c73652c20277368617065273a2028322c2033292c207d" + "20".repeat(58) + "0a"
                        + "003c004100c20000ff7b662e");
        PlainTensor tensor = read(written);
        assertThat(tensor.type()).isEqualTo(ElementType.F16);
        assertThat(tensor.shape()).isEqualTo(Shape.of(2, 3));
        float[] values = new float[6];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.float16ToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
        }
        assertThat(values).containsExactly(1, 2.5f, -3, 0, 65504, 0.099975586f);
        assertThat(NumpyWriter.bytes(
                        1,
                        NumpyWriter.header("<f2", Shape.of(2, 3)),
                        tensor.data().toArray(ValueLayout.JAVA_BYTE)))
                .as("the tests' own writer")
                .isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void allVersionsAreRead(int version) {
        PlainTensor tensor = read(NumpyWriter.bytes(version, NumpyWriter.header("<f4", Shape.of(3)), TWELVE));
        assertThat(tensor.shape()).isEqualTo(Shape.of(3));
        assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(TWELVE);
    }

    @ParameterizedTest
    @CsvSource({"<f2,F16,2", "<f4,F32,4", "<f8,F64,8", "|V2,BF16,2", "<V2,BF16,2"})
    void elementTypesOfWeightsAreRead(String descr, ElementType type, int bytes) {
        assertThat(read(NumpyWriter.header(descr, Shape.of(1, 1)), bytes).type())
                .isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<f16", ">f8", ">f2", "<i4", "|O", "|V4", "|b1", "", "f2", "bfloat16"})
    void otherElementTypesAreNamed(String descr) {
        assertRefused(NumpyWriter.header(descr, Shape.of(3)), "numpy's type '" + descr + "'", "<f2 (float16)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'shape':(2,3),'descr':'<f2','fortran_order':False}",
                "{\"descr\": \"<f2\", \"fortran_order\": False, \"shape\": (2, 3,), }",
                " { 'fortran_order' : False , 'shape' : ( 2 , 3 ) , 'descr' : '<f2' } \n "
            })
    void spacingAndOrderOfTheHeaderDoNotMatter(String header) {
        assertThat(read(header, 12).shape()).isEqualTo(Shape.of(2, 3));
    }

    @Test
    void scalarsAndEmptyArraysAreRead() {
        assertThat(read("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4)
                        .shape())
                .isEqualTo(Shape.of());
        assertThat(read(NumpyWriter.header("<f4", Shape.of(0, 7)), 0).data().byteSize())
                .isZero();
    }

    @Test
    void columnOrderIsRefusedWhereItMatters() {
        assertRefused(
                "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3), }",
                "column by column (fortran_order)",
                "ascontiguousarray");
        assertThat(read("{'descr': '<f2', 'fortran_order': True, 'shape': (6,), }", 12)
                        .shape())
                .isEqualTo(Shape.of(6));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{} ~ lacks one of",
                "{'descr': '<f2', 'fortran_order': False, } ~ lacks one of descr, fortran_order and shape",
                "{'descr': '<f2', 'descr': '<f2'} ~ the key descr twice",
                "{'dtype': '<f2'} ~ the unknown key 'dtype'",
                "{'descr': [('a', '<f2')]} ~ expected '\"' at character",
                "{'descr': '<f2 ~ expected a quoted text",
                "{'descr': '\\x3cf2'} ~ expected a quoted text without escapes",
                "{'fortran_order': 0} ~ expected True or False",
                "{'shape': (6)} ~ expected a comma",
                "{'shape': (-6,)} ~ expected a whole number from 0",
                "{'shape': (6.0,)} ~ expected a comma",
                "{'shape': (,)} ~ expected a whole number",
                "{'shape': (99999999999999999999,)} ~ expected a whole number from 0 to 2^63-1",
                "{'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,6)} ~ expected at most 16 extents",
                "{'descr': '<f2', 'fortran_order': False, 'shape': (6,)} x ~ expected the end",
                "{'descr': '<f2' 'fortran_order': False} ~ expected '}'",
                "['descr'] ~ expected '{'",
                "__import__('os') ~ expected '{'",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 2), } ~ than any file can hold",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2305843009213693951,), } ~ than any file can hold"
            })
    void otherHeadersAreRefused(String header, String problem) {
        assertRefused(header, problem);
    }

    @Test
    void everyFileThatIsCutOffSaysSo() {
        byte[] whole = NumpyWriter.bytes(2, NumpyWriter.header("<f4", Shape.of(3)), TWELVE);
        for (int length = 1; length < whole.length; length++) {
            assertRefused(
                    Arrays.copyOf(whole, length), " has " + length + " bytes where ", "interrupted conversion or copy");
        }
        assertRefused(new byte[0], "is empty");
    }

    @Test
    void bytesAfterTheArrayAreRefused() {
        assertRefused(NumpyWriter.header("<f4", Shape.of(2)), "it has 4 bytes after the 8 of its shape [2]");
    }

    @Test
    void lengthsAreBoundedBeforeTheyAreUsed() {
        byte[] huge = NumpyWriter.bytes(2, NumpyWriter.header("<f4", Shape.of(3)), TWELVE);
        Arrays.fill(huge, 8, 12, (byte) 0xff);
        assertRefused(huge, "header length is 4294967295, more than the 10000");
        assertRefused(
                NumpyWriter.header("<f4", Shape.of(1L << 40)),
                "interrupted conversion",
                String.valueOf(128 + (1L << 42)));
    }

    @Test
    void foreignFilesAreNamed() {
        assertRefused("version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.UTF_8), "Git LFS");
        assertRefused("a text of some length".getBytes(StandardCharsets.UTF_8), "magic number");
        byte[] future = NumpyWriter.bytes(1, NumpyWriter.header("<f4", Shape.of(3)), TWELVE);
        future[6] = 4;
        assertRefused(future, "version 4.0");
    }
}
