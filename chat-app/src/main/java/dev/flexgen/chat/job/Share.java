package dev.flexgen.chat.job;

import dev.flexgen.chat.CommandException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a job that one of several processes does: every {@code count}-th prompt from the {@code number}-th on.
 *
 * @param number from 1 on
 */
public record Share(int number, int count) {

    /** The whole job. */
    public static final Share ALL = new Share(1, 1);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

    /**
     * Reads {@code 3/8}.
     *
     * @throws CommandException if it is none
     */
    public static Share parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (matcher.matches()) {
            int number = Integer.parseInt(matcher.group(1));
            int count = Integer.parseInt(matcher.group(2));
            if (number >= 1 && number <= count) {
                return new Share(number, count);
            }
        }
        throw CommandException.usage("--shard must be i/n with i from 1 to n, such as 3/8, not '" + text + "'");
    }

    /** Whether the prompt of this index, which counts from 0, belongs to it. */
    public boolean has(int index) {
        return index % count == number - 1;
    }
}
