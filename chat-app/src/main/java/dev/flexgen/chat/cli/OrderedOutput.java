package dev.flexgen.chat.cli;

import dev.flexgen.chat.Streams;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Prints what belongs to prompt after prompt in their order, whichever is finished first: the first one's as it comes. One thread. */
final class OrderedOutput {

    private final Streams streams;
    private final Map<Integer, StringBuilder> held = new HashMap<>();
    private final Set<Integer> finished = new HashSet<>();
    private int next;

    OrderedOutput(Streams streams) {
        this.streams = streams;
    }

    /** More of the output of the prompt of this index. */
    void print(int index, String text) {
        if (index == next) {
            streams.print(text);
        } else {
            held.computeIfAbsent(index, _ -> new StringBuilder()).append(text);
        }
    }

    /** That was all of it. */
    void finish(int index) {
        finished.add(index);
        while (finished.remove(next)) {
            next++;
            StringBuilder waited = held.remove(next);
            if (waited != null) {
                streams.print(waited.toString());
            }
        }
    }
}
