package dev.flexgen.chat.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites what Jinjava reads differently than the Jinja of transformers: white space around tags is taken away here, with
 * {@code trim_blocks} and {@code lstrip_blocks} on; lists are reversed by a filter; arguments by name get brackets.
 */
final class TemplateSource {

    /** Marks what training learns from, and has no effect here. */
    private static final Pattern GENERATION = Pattern.compile("\\{%(-?)\\s*(?:end)?generation\\s*(-?)%}");

    private static final Pattern SPACE_BEFORE = Pattern.compile("\\s+(\\{[{%#])-");
    private static final Pattern SPACE_BEHIND = Pattern.compile("-([%}#]})\\s*");
    private static final Pattern MARK_AT_START = Pattern.compile("^(\\{[{%#])-");
    private static final Pattern INDENT = Pattern.compile("(?m)^[ \\t]+(?=\\{[%#])");
    private static final Pattern LINE_END = Pattern.compile("([%#]})\\r?\\n");
    private static final Pattern REVERSED = Pattern.compile("(\\w+)\\[\\s*::\\s*-1\\s*]");
    private static final Pattern NAMESPACE = Pattern.compile("namespace\\(((?:[^()]++|\\([^()]*+\\))*+)\\)");

    private TemplateSource() {}

    static String of(String template) {
        String text = GENERATION.matcher(template).replaceAll("{#$1 $2#}");
        text = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        text = INDENT.matcher(text).replaceAll("");
        text = LINE_END.matcher(text).replaceAll("$1");
        text = SPACE_BEFORE.matcher(text).replaceAll("$1");
        text = MARK_AT_START.matcher(text).replaceAll("$1");
        text = text.replaceAll("(?<=\\S)(\\{[{%#])-", "$1");
        text = SPACE_BEHIND.matcher(text).replaceAll("$1");
        text = REVERSED.matcher(text).replaceAll("($1|reverse)");
        return NAMESPACE
                .matcher(text)
                .replaceAll(it -> Matcher.quoteReplacement("namespace(" + bracketed(it.group(1)) + ")"));
    }

    /** {@code a=b - 1, c=d} with each value in brackets. */
    private static String bracketed(String arguments) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int from = 0;
        for (int i = 0; i <= arguments.length(); i++) {
            char c = i == arguments.length() ? ',' : arguments.charAt(i);
            depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
            if (c == ',' && depth == 0) {
                parts.add(arguments.substring(from, i));
                from = i + 1;
            }
        }
        return String.join(
                ", ",
                parts.stream()
                        .filter(part -> !part.isBlank())
                        .map(part -> {
                            int equals = part.indexOf('=');
                            return equals < 0
                                    ? part.strip()
                                    : part.substring(0, equals).strip() + "=("
                                            + part.substring(equals + 1).strip() + ")";
                        })
                        .toList());
    }
}
