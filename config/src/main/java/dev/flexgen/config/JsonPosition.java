package dev.flexgen.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where in a JSON text Gson found its fault; Gson tells it only inside of its messages, among much else. */
public final class JsonPosition {

    private static final Pattern POSITION = Pattern.compile(" at line (\\d+) column (\\d+)");

    private JsonPosition() {}

    /** To follow "near": {@code line 2, column 1}. */
    public static String of(Throwable failure) {
        Matcher matcher = matcher(String.valueOf(failure.getMessage()));
        return matcher.find() ? "line " + matcher.group(1) + ", column " + matcher.group(2) : "its start";
    }

    /** The line in what Gson says of its position, counted from 1. */
    static int line(String message) {
        Matcher matcher = matcher(message);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 1;
    }

    private static Matcher matcher(String message) {
        return POSITION.matcher(message);
    }
}
