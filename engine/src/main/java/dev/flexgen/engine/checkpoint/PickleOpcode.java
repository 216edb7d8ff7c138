package dev.flexgen.engine.checkpoint;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The pickle instructions that torch.save writes for a state_dict, of protocol 2 or, on request, a later one, and the only ones
 * we carry out. Names and codes are those of Python's pickletools.
 */
enum PickleOpcode {
    PROTO(0x80),
    STOP('.'),
    MARK('('),
    GLOBAL('c'),
    BINPUT('q'),
    LONG_BINPUT('r'),
    BINGET('h'),
    LONG_BINGET('j'),
    NONE('N'),
    NEWTRUE(0x88),
    NEWFALSE(0x89),
    BININT('J'),
    BININT1('K'),
    BININT2('M'),
    LONG1(0x8a),
    BINFLOAT('G'),
    BINUNICODE('X'),
    SHORT_BINSTRING('U'),
    EMPTY_TUPLE(')'),
    TUPLE('t'),
    TUPLE1(0x85),
    TUPLE2(0x86),
    TUPLE3(0x87),
    EMPTY_LIST(']'),
    APPEND('a'),
    APPENDS('e'),
    EMPTY_DICT('}'),
    SETITEM('s'),
    SETITEMS('u'),
    BINPERSID('Q'),
    REDUCE('R'),
    BUILD('b'),
    FRAME(0x95),
    SHORT_BINUNICODE(0x8c),
    BINUNICODE8(0x8d),
    STACK_GLOBAL(0x93),
    MEMOIZE(0x94);

    private static final Map<Integer, PickleOpcode> BY_CODE =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(op -> op.code, Function.identity()));

    private final int code;

    PickleOpcode(int code) {
        this.code = code;
    }

    static Optional<PickleOpcode> of(int code) {
        return Optional.ofNullable(BY_CODE.get(code));
    }
}
