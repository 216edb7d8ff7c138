package dev.flexgen.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * Judges the regular expressions by which tokenizers split text. The native library backtracks, and ends the process
 * after ten million steps back in one attempt, so only expressions are let through whose attempts cost at most a small
 * multiple of the text's length, whatever the text.
 *
 * <p>An alternative costs that much if at most one of its unbounded repetitions can be followed by something that fails.
 * A repetition at the end never has to give anything back: {@code \s*[\r\n]+} has one that does, {@code .*.*x} has two.
 * All published tokenizers pass: their expressions are lists of such alternatives over character classes. Not let
 * through are unbounded repetitions in groups, look-behinds, anchors, and whatever else none of them needs.
 */
final class SplitPattern {

    private static final int LONGEST = 2000;
    /** Ways to match beside an unbounded repetition, each of which may cost a step back for every character. */
    private static final int MOST_CHOICES = 4;
    /** Ways to match where everything is bounded. */
    private static final int MOST_BOUNDED_CHOICES = 4096;

    private static final int MOST_TIMES = 32;
    private static final int DEEPEST = 4;

    private final PatternReader in;
    private int groups;

    private SplitPattern(String pattern) {
        this.in = new PatternReader(pattern);
    }

    /** @throws IllegalArgumentException with the reason, as half a sentence */
    static void check(String pattern) {
        if (pattern.isEmpty() || pattern.length() > LONGEST) {
            throw new IllegalArgumentException("it must have 1 to " + LONGEST + " characters");
        }
        SplitPattern judge = new SplitPattern(pattern);
        judge.alternatives(0);
        if (!judge.in.atEnd()) {
            throw judge.in.refused("a ')' too many");
        }
    }

    /**
     * What a part of the expression can do.
     *
     * @param unbounded whether it repeats something without bound
     * @param ahead whether it only looks ahead
     * @param fails whether there are texts that it does not match
     * @param empty whether it may match nothing
     * @param choices upper bound of the bounded ways in which it may match
     */
    private record Part(boolean unbounded, boolean ahead, boolean fails, boolean empty, int choices) {

        static final Part ONE = new Part(false, false, true, false, 1);

        /** Whether it may have to give back what it took, piece by piece, when what follows fails. */
        boolean backtracks(boolean last) {
            return unbounded && (ahead || !last);
        }
    }

    /** Alternatives up to the end or a closing parenthesis. */
    private Part alternatives(int depth) {
        if (depth > DEEPEST) {
            throw in.refused("groups nested too deeply");
        }
        boolean unbounded = false;
        boolean fails = true;
        boolean empty = false;
        int choices = 0;
        do {
            Part part = sequence(depth);
            unbounded |= part.unbounded;
            fails &= part.fails;
            empty |= part.empty;
            choices += part.choices;
        } while (in.take("|"));
        return new Part(unbounded, false, fails, empty, limited(choices, MOST_BOUNDED_CHOICES));
    }

    private Part sequence(int depth) {
        List<Part> parts = new ArrayList<>();
        while (!in.atEnd() && !in.sees("|)")) {
            parts.add(quantified(depth));
        }
        boolean unbounded = false;
        boolean fails = false;
        boolean empty = true;
        for (Part part : parts) {
            unbounded |= part.unbounded;
            fails |= part.fails;
            empty &= part.empty;
        }
        if (depth == 0 && empty) {
            throw in.refused("an alternative that may match nothing");
        }
        return new Part(unbounded, false, fails, empty, choices(parts, depth));
    }

    private int choices(List<Part> parts, int depth) {
        int end = parts.size();
        while (depth == 0 && end > 0 && !parts.get(end - 1).fails) {
            end--; // what always succeeds at the very end is never asked again
        }
        int backtracking = 0;
        int choices = 1;
        for (int i = 0; i < end; i++) {
            Part part = parts.get(i);
            backtracking += part.backtracks(i == end - 1) ? 1 : 0;
            choices = limited(choices * part.choices, MOST_BOUNDED_CHOICES);
        }
        if (backtracking > 1) {
            throw in.refused("several repetitions in a row, whose combinations would all be tried");
        }
        return limited(choices, backtracking > 0 ? MOST_CHOICES : MOST_BOUNDED_CHOICES);
    }

    private Part quantified(int depth) {
        Part part = atom(depth);
        char sign = in.peek();
        if (in.sees("*+?{")) {
            if (part.unbounded || part.empty) {
                throw in.refused("a repetition of a repetition");
            }
            in.next();
        }
        return switch (sign) {
            case '*', '+' -> {
                if (part.choices > 1) {
                    throw in.refused("a repetition of something that can match in several ways");
                }
                yield ended(new Part(true, false, sign == '+', sign == '*', 1));
            }
            case '?' -> ended(new Part(false, false, false, true, part.choices + 1));
            case '{' -> {
                int least = in.number();
                int most = in.take(",") ? in.number() : least;
                in.expect('}');
                if (most > MOST_TIMES || most < Math.max(least, 1) || part.choices > 1) {
                    throw in.refused("a repetition of more than " + MOST_TIMES + " times");
                }
                yield ended(new Part(false, false, least > 0, least == 0, most - least + 1));
            }
            default -> part;
        };
    }

    /** A reluctant or possessive mark may follow a quantifier, another quantifier may not. */
    private Part ended(Part part) {
        if (!in.take("+")) {
            in.take("?");
        }
        if (in.sees("*+?{")) {
            throw in.refused("a repetition of a repetition");
        }
        return part;
    }

    private Part atom(int depth) {
        char sign = in.next();
        return switch (sign) {
            case '(' -> group(depth);
            case '[' -> {
                in.characterClass(0);
                yield Part.ONE;
            }
            case '\\' -> {
                in.escape(groups);
                yield Part.ONE;
            }
            case '*', '+', '?', '{' -> throw in.refused("a repetition of nothing");
            case '^', '$' -> throw in.refused("an anchor");
            default -> Part.ONE;
        };
    }

    private Part group(int depth) {
        boolean ahead = false;
        if (in.take("?")) {
            if (in.take("=") || in.take("!")) {
                ahead = true;
            } else if (!in.take(":") && !in.take("i:")) {
                throw in.refused("a group of a kind that no known tokenizer uses");
            }
        } else {
            groups++;
        }
        Part inside = alternatives(depth + 1);
        in.expect(')');
        if (ahead) {
            return new Part(inside.unbounded, true, true, true, inside.choices);
        }
        if (inside.unbounded || inside.empty) {
            throw in.refused("an unbounded repetition, or nothing at all, in a group");
        }
        return inside;
    }

    private int limited(int choices, int most) {
        if (choices > most) {
            throw in.refused("too many ways to match");
        }
        return choices;
    }
}
