package dev.flexgen.tokenizer;

import dev.flexgen.config.Quoted;
import java.util.BitSet;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads a {@code merges.txt}, each line of which is two tokens that become one. A text file that was cut off is still a
 * text file, and fewer merges silently give other ids; so every token of the vocabulary that is two others put together
 * must have its merge.
 */
final class MergeList {

    private final ModelFolder folder;
    private final Map<String, Integer> vocabulary;
    /** Ids of the tokens that a merge makes. */
    private final BitSet made = new BitSet();

    private final StringBuilder json = new StringBuilder();

    MergeList(ModelFolder folder, Map<String, Integer> vocabulary) {
        this.folder = folder;
        this.vocabulary = vocabulary;
    }

    /**
     * Returns the merges as a JSON array.
     *
     * @param unmerged tokens of the vocabulary that text never merges into
     */
    String json(Collection<String> unmerged) {
        String text = folder.read(ModelFolder.MERGES);
        json.ensureCapacity(text.length() + (text.length() >> 2));
        json.append('[');
        int line = 0;
        int end;
        for (int start = 0; start < text.length(); start = end + 1) {
            end = text.indexOf('\n', start);
            end = end < 0 ? text.length() : end;
            int contentEnd = end > start && text.charAt(end - 1) == '\r' ? end - 1 : end;
            line++;
            boolean header = line == 1 && text.startsWith("#version", start);
            if (contentEnd > start && !header) {
                add(text, start, contentEnd, line);
            }
        }
        refuseMissing(unmerged);
        return json.append(']').toString();
    }

    private void add(String text, int start, int end, int line) {
        int space = text.indexOf(' ', start);
        if (space <= start || space >= end - 1 || text.lastIndexOf(' ', end - 1) != space) {
            throw new TokenizerException(folder.describe(ModelFolder.MERGES) + ", line " + line
                    + ", is not two tokens separated by a space: fetch the file again.");
        }
        String pair = text.substring(start, end);
        Integer id = vocabulary.get(text.substring(start, space).concat(text.substring(space + 1, end)));
        if (id == null) {
            throw new TokenizerException(folder.describe(ModelFolder.MERGES) + ", line " + line + ", makes a token, "
                    + Quoted.of(pair) + " without the space, which " + ModelFolder.VOCABULARY
                    + " does not have: fetch both files again, they must belong together.");
        }
        made.set(id);
        json.append(json.length() == 1 ? "\"" : ",\"");
        json.append(pair.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    }

    private void refuseMissing(Collection<String> unmerged) {
        Set<String> missing = new TreeSet<>();
        for (Map.Entry<String, Integer> entry : vocabulary.entrySet()) {
            String token = entry.getKey();
            if (!made.get(entry.getValue()) && !unmerged.contains(token) && !isMark(token) && isTwoTokens(token)) {
                missing.add(token);
            }
        }
        if (!missing.isEmpty()) {
            throw new TokenizerException(folder.describe(ModelFolder.MERGES) + " is cut off: " + missing.size()
                    + " tokens of " + ModelFolder.VOCABULARY + ", such as "
                    + Quoted.of(missing.iterator().next()) + ", have no merge: fetch both files again.");
        }
    }

    /** Tokens in brackets, such as {@code <mask>} or {@code <0x0A>}, are not made of others. */
    static boolean isMark(String token) {
        return token.length() > 2
                && ((token.startsWith("<") && token.endsWith(">")) || (token.startsWith("[") && token.endsWith("]")));
    }

    private boolean isTwoTokens(String token) {
        for (int i = 1; i < token.length(); i++) {
            if (vocabulary.containsKey(token.substring(0, i)) && vocabulary.containsKey(token.substring(i))) {
                return true;
            }
        }
        return false;
    }
}
