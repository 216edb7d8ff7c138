package dev.flexgen.engine.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/** A file of the kernel's with a name and a number on each line. A file that is not there has no lines. */
record MemoryFile(Map<String, Long> numbers) {

    static MemoryFile read(Path file) {
        Map<String, Long> numbers = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String[] words = line.trim().split("\\s+", -1);
                if (words.length >= 2) {
                    parse(words[1]).ifPresent(number -> numbers.put(words[0], number));
                }
            }
        } catch (IOException e) {
            // not this kernel, or not readable here: then there is nothing to count
        }
        return new MemoryFile(numbers);
    }

    /** A file that holds one number and nothing else; empty if it is not there or says "max". */
    static OptionalLong number(Path file) {
        try {
            return parse(Files.readString(file).trim());
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    OptionalLong bytes(String name) {
        Long number = numbers.get(name);
        return number == null ? OptionalLong.empty() : OptionalLong.of(number);
    }

    /** The same in files that count in KiB. */
    OptionalLong kibibytes(String name) {
        OptionalLong number = bytes(name);
        return number.isEmpty() ? number : OptionalLong.of(number.getAsLong() << 10);
    }

    private static OptionalLong parse(String word) {
        try {
            return OptionalLong.of(Long.parseLong(word));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
