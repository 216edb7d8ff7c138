package dev.flexgen.tokenizer;

import java.util.List;

/**
 * Finds stop strings in text that arrives in pieces, whatever the borders of the pieces, and passes on the text before
 * them. The stop string that is complete first wins, and of several that end at the same character the longest.
 */
public final class StopStrings implements TextStop {

    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    /** @param stops what ends the text; empty strings are ignored */
    public StopStrings(List<String> stops) {
        this.stops = stops.stream().filter(stop -> !stop.isEmpty()).distinct().toList();
    }

    @Override
    public String push(String text) {
        if (stops.isEmpty()) {
            return text;
        }
        for (int i = 0; i < text.length() && !stopped; i++) {
            held.append(text.charAt(i));
            int matched = longestEnding();
            if (matched > 0) {
                stopped = true;
                return release(held.length() - matched);
            }
        }
        return stopped ? "" : release(held.length() - longestBeginning());
    }

    @Override
    public boolean stopped() {
        return stopped;
    }

    @Override
    public String flush() {
        return stopped ? "" : release(held.length());
    }

    private String release(int length) {
        String certain = held.substring(0, length);
        held.delete(0, length);
        return certain;
    }

    /** Length of the longest stop string that the held text ends with; 0 if there is none. */
    private int longestEnding() {
        int longest = 0;
        for (String stop : stops) {
            if (stop.length() > longest && heldEndsWith(stop, stop.length())) {
                longest = stop.length();
            }
        }
        return longest;
    }

    /** Length of the longest end of the held text that begins a stop string. */
    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops) {
            int length = Math.min(stop.length() - 1, held.length());
            while (length > longest && !heldEndsWith(stop, length)) {
                length--;
            }
            longest = Math.max(longest, length);
        }
        return longest;
    }

    private boolean heldEndsWith(String stop, int length) {
        int from = held.length() - length;
        if (from < 0) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (held.charAt(from + i) != stop.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
