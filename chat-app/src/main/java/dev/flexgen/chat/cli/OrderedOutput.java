package dev.flexgen.chat.cli;

import dev.flexgen.chat.Streams;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/** Prints what belongs to prompt after prompt in their order, whichever is finished first: the first one's as it comes. One thread. */
final class OrderedOutput implements Results {

    private final Streams streams;
    private final Queue<Integer> waiting = new ArrayDeque<>();
    private final Map<Integer, StringBuilder> held = new HashMap<>();
    private final Set<Integer> finished = new HashSet<>();

    OrderedOutput(Streams streams) {
        this.streams = streams;
    }

    @Override
    public void begin(int index) {
        waiting.add(index);
    }

    @Override
    public void print(int index, String text) {
        if (Integer.valueOf(index).equals(waiting.peek())) {
            streams.print(text);
        } else {
            held.computeIfAbsent(index, _ -> new StringBuilder()).append(text);
        }
    }

    @Override
    public void finish(int index, End end) {
        finished.add(index);
        while (!waiting.isEmpty() && finished.remove(waiting.peek())) {
            waiting.remove();
            StringBuilder next = waiting.isEmpty() ? null : held.remove(waiting.peek());
            if (next != null) {
                streams.print(next.toString());
            }
        }
    }
}
