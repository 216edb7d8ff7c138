package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Token ids as people write them: {@code 2,5,9}. Whether a model knows them is for the engine to say. */
final class IdList {

    private IdList() {}

    /** @throws CommandException naming what is no id */
    static List<Integer> parse(String text) {
        return Arrays.stream(text.strip().split(",", -1))
                .map(String::strip)
                .map(IdList::id)
                .toList();
    }

    static String format(int[] ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    private static Integer id(String word) {
        try {
            return Integer.valueOf(word);
        } catch (NumberFormatException e) {
            throw CommandException.usage(
                    "--ids takes token ids separated by commas, such as 2,5,9, but '" + word + "' is no whole number");
        }
    }
}
