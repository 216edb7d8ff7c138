package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.PickleReader.OperandException;
import dev.flexgen.engine.checkpoint.PickleValue.Dictionary;
import dev.flexgen.engine.checkpoint.PickleValue.Plain;
import dev.flexgen.engine.checkpoint.PickleValue.Sequence;
import dev.flexgen.engine.checkpoint.PickleValue.Text;
import dev.flexgen.engine.checkpoint.PickleValue.Tuple;
import dev.flexgen.engine.checkpoint.PickleValue.Whole;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Interprets the pickle of a state_dict. Python's pickle is a program that may call anything; this interpreter knows the few
 * instructions and names that tensors need, yields descriptions of data and refuses everything else. Every instruction costs
 * a bounded amount of memory and their number is bounded, so no pickle can exhaust the heap; values are shared by reference
 * and never traversed, so nesting costs nothing.
 */
final class Unpickler {

    /** A tensor takes about 40: enough for any published model, and at most some 200 MB of values. */
    static final int MOST_INSTRUCTIONS = 2_000_000;

    /** A tensor takes two or three. Calls copy shapes, so they cost more than other instructions. */
    static final int MOST_CALLS = 200_000;

    static final int DEEPEST_MARK = 1_000;
    static final int LONGEST_TEXT = 1 << 16;
    private static final int LONGEST_GLOBAL = 256;
    /** torch.save's own, and the highest that Python has. */
    private static final int PROTOCOL = 2;

    private static final int LATEST_PROTOCOL = 5;

    private final String place;
    private final PickleReader reader;
    private final List<PickleValue> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Integer, PickleValue> memo = new HashMap<>();
    private long instructionStart;
    private int calls;

    /** @param place what messages call the pickle */
    Unpickler(String place, MemorySegment pickle) {
        this.place = place;
        this.reader = new PickleReader(pickle);
    }

    /** Runs the pickle and returns what it leaves. */
    PickleValue read() {
        try {
            for (int i = 0; i < MOST_INSTRUCTIONS; i++) {
                instructionStart = reader.position();
                int code = reader.unsignedByte();
                PickleOpcode opcode = PickleOpcode.of(code)
                        .orElseThrow(() -> refused("is the pickle instruction 0x%02x".formatted(code)));
                if (opcode == PickleOpcode.STOP) {
                    return pop();
                }
                execute(opcode);
            }
        } catch (OperandException e) {
            throw EngineException.model(where() + " " + e.getMessage() + "; the file is damaged, download it again", e);
        }
        throw refused("is past " + MOST_INSTRUCTIONS + " instructions");
    }

    private void execute(PickleOpcode opcode) throws OperandException {
        switch (opcode) {
            case PROTO -> checkProtocol(reader.unsignedByte());
            case STOP -> throw new IllegalStateException("STOP ends the loop");
            case MARK -> mark();
            case GLOBAL -> push(global(reader.line(LONGEST_GLOBAL), reader.line(LONGEST_GLOBAL)));
            case BINPUT -> memo.put(reader.unsignedByte(), peek());
            case LONG_BINPUT -> memo.put(reader.signedInt(), peek());
            case BINGET -> push(remembered(reader.unsignedByte()));
            case LONG_BINGET -> push(remembered(reader.signedInt()));
            case NONE -> push(Plain.NONE);
            case NEWTRUE -> push(Plain.TRUE);
            case NEWFALSE -> push(Plain.FALSE);
            case BININT -> push(new Whole(reader.signedInt()));
            case BININT1 -> push(new Whole(reader.unsignedByte()));
            case BININT2 -> push(new Whole(reader.unsignedShort()));
            case LONG1 -> push(new Whole(reader.whole(reader.unsignedByte())));
            case BINFLOAT -> {
                reader.skip(Double.BYTES);
                push(Plain.FRACTION);
            }
            case BINUNICODE -> push(new Text(reader.text(reader.signedInt(), LONGEST_TEXT)));
            case SHORT_BINSTRING -> push(new Text(reader.text(reader.unsignedByte(), LONGEST_TEXT)));
            case EMPTY_TUPLE -> push(new Tuple(List.of()));
            case TUPLE -> push(new Tuple(popToMark()));
            case TUPLE1 -> push(new Tuple(popLast(1)));
            case TUPLE2 -> push(new Tuple(popLast(2)));
            case TUPLE3 -> push(new Tuple(popLast(3)));
            case EMPTY_LIST -> push(new Sequence(new ArrayList<>()));
            case APPEND -> append(popLast(1));
            case APPENDS -> append(popToMark());
            case EMPTY_DICT -> push(new Dictionary(new LinkedHashMap<>()));
            case SETITEM -> setItems(popLast(2));
            case SETITEMS -> setItems(popToMark());
            case BINPERSID ->
                push(TorchCalls.persistent(pop())
                        .orElseThrow(() -> refused("refers to something other than a storage")));
            case REDUCE -> reduce();
            case BUILD -> build();
            case FRAME -> reader.skip(Long.BYTES);
            case SHORT_BINUNICODE -> push(new Text(reader.text(reader.unsignedByte(), LONGEST_TEXT)));
            case BINUNICODE8 -> push(new Text(reader.text(reader.signedLong(), LONGEST_TEXT)));
            case STACK_GLOBAL -> stackGlobal();
            case MEMOIZE -> memo.put(memo.size(), peek());
        }
    }

    private void checkProtocol(int protocol) {
        if (protocol < PROTOCOL || protocol > LATEST_PROTOCOL) {
            throw refused(
                    "declares pickle protocol " + protocol + ", not one of " + PROTOCOL + " to " + LATEST_PROTOCOL);
        }
    }

    private void mark() {
        if (marks.size() == DEEPEST_MARK) {
            throw refused("nests more than " + DEEPEST_MARK + " marks");
        }
        marks.add(stack.size());
    }

    private PickleValue global(String module, String name) {
        return TorchCalls.global(module, name)
                .orElseThrow(() -> refused("names the global " + Quoted.text(module + "." + name)));
    }

    private void stackGlobal() {
        List<PickleValue> names = popLast(2);
        if (!(names.get(0) instanceof Text(var module) && names.get(1) instanceof Text(var name))) {
            throw broken("names a global by something that is no text");
        }
        push(global(module, name));
    }

    private PickleValue remembered(int key) {
        PickleValue value = memo.get(key);
        if (value == null) {
            throw broken("uses memo entry " + Integer.toUnsignedString(key) + ", which is not set");
        }
        return value;
    }

    private void append(List<PickleValue> items) {
        if (!(peek() instanceof Sequence(var list))) {
            throw broken("appends to something that is no list");
        }
        list.addAll(items);
    }

    private void setItems(List<PickleValue> items) {
        if (!(peek() instanceof Dictionary(var entries)) || items.size() % 2 != 0) {
            throw broken("sets the items of something that is no dictionary");
        }
        for (int i = 0; i < items.size(); i += 2) {
            if (!(items.get(i) instanceof Text(var key))) {
                throw refused("sets a dictionary key that is no text");
            }
            entries.put(key, items.get(i + 1));
        }
    }

    private void reduce() {
        if (++calls > MOST_CALLS) {
            throw refused("is past " + MOST_CALLS + " calls");
        }
        PickleValue arguments = pop();
        Optional<PickleValue> result =
                pop() instanceof PickleValue.Function function && arguments instanceof Tuple(var items)
                        ? TorchCalls.call(function, items)
                        : Optional.empty();
        push(result.orElseThrow(() -> refused("makes a call that does not rebuild a plain tensor")));
    }

    /** Only state_dicts have attributes, and those ({@code _metadata}: versions of modules) do not concern us. */
    private void build() {
        pop();
        if (!(peek() instanceof Dictionary)) {
            throw refused("sets attributes of something that is no dictionary");
        }
    }

    private void push(PickleValue value) {
        stack.add(value);
    }

    private PickleValue pop() {
        peek();
        return stack.removeLast();
    }

    private PickleValue peek() {
        if (stack.size() == floor()) {
            throw broken("takes a value from an empty stack");
        }
        return stack.getLast();
    }

    /** The index of the last mark: values below it cannot be taken. */
    private int floor() {
        return marks.isEmpty() ? 0 : marks.getLast();
    }

    private List<PickleValue> popLast(int count) {
        if (stack.size() - floor() < count) {
            throw broken("takes a value from an empty stack");
        }
        return cut(stack.size() - count);
    }

    private List<PickleValue> popToMark() {
        if (marks.isEmpty()) {
            throw broken("needs a mark, and there is none");
        }
        return cut(marks.removeLast());
    }

    private List<PickleValue> cut(int from) {
        List<PickleValue> top = stack.subList(from, stack.size());
        List<PickleValue> values = List.copyOf(top);
        top.clear();
        return values;
    }

    private String where() {
        return place + ": byte " + instructionStart;
    }

    private EngineException broken(String what) {
        return EngineException.model(where() + " " + what + "; the file is damaged, download it again");
    }

    private EngineException refused(String what) {
        return EngineException.model(
                where() + " " + what + ", which no plain state_dict needs and which is never carried"
                        + " out; use a safetensors version of the model or save its state_dict again with torch.save");
    }
}
