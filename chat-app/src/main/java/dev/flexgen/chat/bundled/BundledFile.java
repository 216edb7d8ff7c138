package dev.flexgen.chat.bundled;

/**
 * A line of a bundled model's list of files, as {@code sha256sum} writes it.
 *
 * @param sha256 in lower-case hexadecimal
 */
record BundledFile(String sha256, String name) {

    static BundledFile parse(String line) {
        String[] parts = line.split("  ", 2);
        if (parts.length != 2 || parts[0].length() != 64) {
            throw new IllegalStateException("not a line of sha256sum: " + line);
        }
        return new BundledFile(parts[0], parts[1]);
    }
}
