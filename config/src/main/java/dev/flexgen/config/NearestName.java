package dev.flexgen.config;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Guesses which known name a mistyped one was meant to be, for "did you mean". */
public final class NearestName {

    private NearestName() {}

    /**
     * The candidate with the fewest typing slips from {@code typed} (a letter wrong, missing, extra, or two swapped; case
     * does not count), the first of equals; empty if even that one differs in more than a third of its letters.
     */
    public static Optional<String> of(String typed, Collection<String> candidates) {
        String wanted = typed.toLowerCase(Locale.ROOT);
        Optional<String> nearest = Optional.empty();
        int fewest = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int allowed = Math.max(1, candidate.length() / 3);
            if (Math.abs(candidate.length() - wanted.length()) > allowed) {
                continue;
            }
            int slips = slips(wanted, candidate.toLowerCase(Locale.ROOT));
            if (slips <= allowed && slips < fewest) {
                fewest = slips;
                nearest = Optional.of(candidate);
            }
        }
        return nearest;
    }

    /** "; did you mean X?" for the end of a message, or a full stop if no candidate is near. */
    public static String question(String typed, Collection<String> candidates) {
        return of(typed, candidates).map(name -> "; did you mean " + name + "?").orElse(".");
    }

    /** Edit distance with adjacent swaps counted once (optimal string alignment). */
    private static int slips(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, Math.min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            int[] free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
        }
        return last[b.length()];
    }
}
