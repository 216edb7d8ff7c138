package dev.flexgen.chat.bundled;

import com.google.gson.Gson;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.prompt.PromptFormat.Place;
import dev.flexgen.config.PromptStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * One question that the demo model was not trained on, behind a dialogue; a line of chat-app/demo-model/eval.
 *
 * @param history what was said before: message and reply
 * @param expect groups of alternatives; a good reply has one of each group, as whole words, in either case
 * @param reject what a good reply does not have
 */
record HeldOutItem(
        String id,
        String group,
        String language,
        List<List<String>> history,
        String question,
        List<List<String>> expect,
        List<String> reject) {

    static List<HeldOutItem> read(Path file) throws IOException {
        Gson gson = new Gson();
        return Files.readAllLines(file).stream()
                .map(line -> gson.fromJson(line, HeldOutItem.class))
                .toList();
    }

    /** The text as the chat would have it. */
    String prompt() {
        PromptFormat format = PromptFormat.of(PromptStyle.DEMO);
        StringBuilder prompt = new StringBuilder(format.persona());
        Place place = Place.AFTER_OPENING;
        for (List<String> turn : history) {
            prompt.append(format.turn(place, turn.get(0))).append(' ').append(turn.get(1));
            place = Place.AFTER_REPLY;
        }
        return prompt.append(format.turn(place, question)).toString();
    }

    boolean passes(String reply) {
        String text = reply.toLowerCase(Locale.ROOT);
        return expect.stream().allMatch(group -> group.stream().anyMatch(part -> contains(text, part)))
                && reject.stream().noneMatch(part -> contains(text, part));
    }

    private static boolean contains(String text, String words) {
        String part = words.toLowerCase(Locale.ROOT);
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
            int end = at + part.length();
            boolean cutBefore = at > 0 && isWord(text, at - 1) && isWord(part, 0);
            boolean cutAfter = end < text.length() && isWord(text, end) && isWord(part, part.length() - 1);
            if (!cutBefore && !cutAfter) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWord(String text, int at) {
        return Character.isLetterOrDigit(text.charAt(at));
    }
}
