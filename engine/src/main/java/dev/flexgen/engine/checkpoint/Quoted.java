package dev.flexgen.engine.checkpoint;

/** Makes text from a file fit for a message: short, one line, no control characters that could steer a terminal. */
final class Quoted {

    private static final int LONGEST = 160;

    private Quoted() {}

    static String text(String raw) {
        String head = raw.length() <= LONGEST ? raw : raw.substring(0, LONGEST) + "...";
        return head.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
