package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.flexgen.engine.base.EngineException;
import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class UnpicklerTest {

    private static PickleValue read(byte[] pickle) {
        return new Unpickler("model.bin, entry m/data.pkl", MemorySegment.ofArray(pickle)).read();
    }

    static Stream<Arguments> badPickles() {
        return Stream.of(
                bad(
                        "os.system",
                        p -> p.global("os", "system").text("ls").raw(0x85, 'R'),
                        "2 names the global os.system"),
                bad("builtins.eval", p -> p.global("__builtin__", "eval"), "names the global __builtin__.eval"),
                bad("torch.load", p -> p.global("torch", "load"), "names the global torch.load"),
                bad(
                        "numpy",
                        p -> p.global("numpy.core.multiarray", "_reconstruct"),
                        "numpy.core.multiarray._reconstruct"),
                bad("no name", p -> p.global("", ""), "names the global ."),
                bad("long name", p -> p.global("a".repeat(300), "b"), "a name of more than 256 bytes"),
                bad("stack global", p -> p.text("os").text("system").raw(0x93), "names the global os.system"),
                bad("stack global of numbers", p -> p.whole(1).whole(2).raw(0x93), "by something that is no text"),
                bad("memo of nothing at all", p -> p.raw(0x94), "from an empty stack"),
                bad("frame beyond the end", p -> p.raw(0x95, 1, 0, 0), "cut off by the end of the pickle"),
                bad("endless text", p -> p.raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80), "a text of 9223372036854775808 bytes"),
                bad("size of no tuple", p -> p.global("torch", "Size").whole(1).raw(0x85, 'R'), "makes a call"),
                bad(
                        "parameter of no tensor",
                        p -> p.global("torch._utils", "_rebuild_parameter_with_state")
                                .tuple(1, 2, 3, 4)
                                .raw('R'),
                        "makes a call"),
                bad("instance", p -> p.raw('(', 'i'), "is the pickle instruction 0x69"),
                bad("new object", p -> p.raw(0x81), "is the pickle instruction 0x81"),
                bad("extension", p -> p.raw(0x82, 1), "is the pickle instruction 0x82"),
                bad("old protocol", p -> p.raw(0x80, 1), "declares pickle protocol 1"),
                bad("unknown protocol", p -> p.raw(0x80, 6), "declares pickle protocol 6"),
                bad(
                        "call of a storage class",
                        p -> p.global("torch", "HalfStorage").raw(')', 'R'),
                        "makes a call"),
                bad("call of a number", p -> p.whole(1).raw(')', 'R'), "makes a call"),
                bad(
                        "filled OrderedDict",
                        p -> p.global("collections", "OrderedDict").tuple(1).raw('R'),
                        "makes a call"),
                bad(
                        "tensor without a storage",
                        p -> p.global("torch._utils", "_rebuild_tensor_v2")
                                .tuple(1, 2, 3, 4, 5, 6)
                                .raw('R'),
                        "makes a call"),
                bad("negative extent", p -> view(p, 0, new long[] {-1}, new long[] {1}), "makes a call"),
                bad("negative stride", p -> view(p, 0, new long[] {1}, new long[] {-1}), "makes a call"),
                bad("negative offset", p -> view(p, -1, new long[] {1}, new long[] {1}), "makes a call"),
                bad("stride missing", p -> view(p, 0, new long[] {1, 1}, new long[] {1}), "makes a call"),
                bad("rank 17", p -> view(p, 0, new long[17], new long[17]), "makes a call"),
                bad("negative storage", p -> p.storage("torch.HalfStorage", "0", -1), "other than a storage"),
                bad("persistent id of another kind", p -> p.text("module").raw('Q'), "other than a storage"),
                bad("number as key", p -> p.raw('}').whole(1).whole(2).raw('s'), "a dictionary key that is no text"),
                bad("attributes of a list", p -> p.raw(']', '}', 'b'), "sets attributes"),
                bad("half an item", p -> p.raw('}', '(').text("a").raw('u'), "sets the items"),
                bad("items of a number", p -> p.whole(1).text("a").whole(1).raw('s'), "sets the items"),
                bad("append to a number", p -> p.whole(1).whole(1).raw('a'), "appends to something"),
                bad("empty stack", p -> p.raw('s'), "byte 2 takes a value from an empty stack"),
                bad("nothing to return", p -> p, "byte 2 takes a value from an empty stack"),
                bad("nothing above the mark", p -> p.whole(1).raw('(', 0x85), "from an empty stack"),
                bad("no mark", p -> p.raw('t'), "needs a mark"),
                bad("unset memo", p -> p.raw('h', 3), "uses memo entry 3, which is not set"),
                bad("memo of nothing", p -> p.raw('q', 3), "from an empty stack"),
                bad("wide number", p -> p.raw(0x8a, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1), "a number of 9 bytes"),
                bad("long text", p -> p.text("a".repeat(Unpickler.LONGEST_TEXT + 1)), "a text of 65537 bytes"),
                bad("text of 4 GiB", p -> p.raw('X', 255, 255, 255, 255), "a text of 4294967295 bytes"),
                bad("text beyond the end", p -> p.raw('X', 100, 0, 0, 0, 'a'), "cut off by the end of the pickle"),
                bad("many marks", p -> repeat(p, 2_000, '('), "nests more than 1000 marks"));
    }

    private static PickleWriter view(PickleWriter pickle, long offset, long[] extents, long[] strides) {
        return pickle.tensor("torch.HalfStorage", "0", 100, offset, extents, strides);
    }

    private static PickleWriter repeat(PickleWriter pickle, int times, int... bytes) {
        for (int i = 0; i < times; i++) {
            pickle.raw(bytes);
        }
        return pickle;
    }

    private static Arguments bad(String title, UnaryOperator<PickleWriter> content, String reason) {
        return arguments(title, content.apply(new PickleWriter()).stop(), reason);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badPickles")
    void badPickleIsRefusedWithTheReason(String title, byte[] pickle, String reason) {
        assertThatThrownBy(() -> read(pickle))
                .as(title)
                .isInstanceOf(EngineException.class)
                .hasMessageStartingWith("model.bin, entry m/data.pkl: byte ")
                .hasMessageContaining(reason);
    }

    @Test
    void pickleWithoutAnEndIsRefused() {
        assertThatThrownBy(() -> read(new byte[] {(byte) 0x80, 2, 'N'}))
                .hasMessageContaining("byte 3 is cut off by the end of the pickle");
    }

    /** Each list holds the one before it twice: 2^10,000 leaves for whoever walks it. */
    @Test
    void sharedNestingCostsNothing() {
        var pickle = new PickleWriter().raw(']');
        repeat(pickle, 10_000, 'q', 0, ']', 'h', 0, 'a', 'h', 0, 'a');

        assertThat(read(pickle.stop())).isInstanceOf(PickleValue.Sequence.class);
    }

    @Test
    void dictionaryThatHoldsItselfIsHarmless() {
        byte[] pickle = new PickleWriter()
                .raw('}', 'q', 0)
                .text("self")
                .raw('h', 0, 's')
                .stop();

        assertThat(read(pickle)).isInstanceOf(PickleValue.Dictionary.class);
    }

    @Test
    void instructionsAreCounted() {
        for (int instruction : new int[] {'}', ']'}) {
            var pickle = repeat(new PickleWriter(), Unpickler.MOST_INSTRUCTIONS + 1, instruction);
            assertThatThrownBy(() -> read(pickle.stop())).hasMessageContaining("is past 2000000 instructions");
        }
    }

    /** One call, repeated by name: each result has a shape of its own. */
    @Test
    void callsAreCounted() {
        var pickle =
                new PickleWriter().global("torch._utils", "_rebuild_tensor_v2").raw('q', 0, '(');
        pickle.storage("torch.HalfStorage", "0", 1).whole(0).tuple(new long[16]).tuple(new long[16]);
        pickle.raw('N', 'N', 't', 'q', 1);
        repeat(pickle, Unpickler.MOST_CALLS + 1, 'h', 0, 'h', 1, 'R');

        assertThatThrownBy(() -> read(pickle.stop())).hasMessageContaining("is past 200000 calls");
    }

    /** What Python writes with a later protocol. */
    @Test
    void laterProtocolsAreRead() {
        byte[] pickle = new PickleWriter()
                .raw(0x80, 4, 0x95, 9, 0, 0, 0, 0, 0, 0, 0, '}', 0x94)
                .raw(0x8c, 1, 'a', 0x94)
                .raw(0x8c, 11, 'c', 'o', 'l', 'l', 'e', 'c', 't', 'i', 'o', 'n', 's', 0x94)
                .raw(0x8c, 11, 'O', 'r', 'd', 'e', 'r', 'e', 'd', 'D', 'i', 'c', 't', 0x94)
                .raw(0x93, ')', 'R', 's', 'h', 0)
                .stop();
        assertThat(read(pickle))
                .isInstanceOfSatisfying(
                        PickleValue.Dictionary.class,
                        all -> assertThat(all.entries()).containsOnlyKeys("a"));
    }

    @Test
    void parametersWithAttributesAndSizesAreRead() {
        PickleWriter parameter = new PickleWriter()
                .global("torch._utils", "_rebuild_parameter_with_state")
                .raw('(')
                .vector("0", 3)
                .raw(0x88)
                .emptyHooks()
                .raw('}')
                .text("shard")
                .raw(0x89, 's', 't', 'R');
        assertThat(read(parameter.stop())).isInstanceOf(PickleValue.View.class);
        PickleWriter size =
                new PickleWriter().global("torch", "Size").tuple(1, 2).raw(0x85, 'R');
        assertThat(read(size.stop())).isInstanceOf(PickleValue.Tuple.class);
    }

    @Test
    void wholeNumbersOfEveryWidthAreRead() {
        assertThat(read(new PickleWriter().raw(0x8a, 0).stop())).isEqualTo(new PickleValue.Whole(0));
        assertThat(read(new PickleWriter().raw(0x8a, 1, 0xff).stop())).isEqualTo(new PickleValue.Whole(-1));
        assertThat(read(new PickleWriter().raw(0x8a, 5, 0, 0, 0, 0, 1).stop()))
                .isEqualTo(new PickleValue.Whole(1L << 32));
        assertThat(read(new PickleWriter().raw('M', 0, 0xff).stop())).isEqualTo(new PickleValue.Whole(0xff00));
        assertThat(read(new PickleWriter().raw('J', 0xfe, 0xff, 0xff, 0xff).stop()))
                .isEqualTo(new PickleValue.Whole(-2));
    }
}
