package dev.flexgen.chat.pull;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a progress bar is drawn with. */
public enum Bar {
    /** For every terminal. */
    ASCII('#', '-', "..."),
    /** For a terminal that shows UTF-8. */
    LINES('\u2501', '\u2500', "\u2026");

    private final char done;
    private final char open;
    private final String ellipsis;

    Bar(char done, char open, String ellipsis) {
        this.done = done;
        this.open = open;
        this.ellipsis = ellipsis;
    }

    /** Lines where the locale says UTF-8 and the terminal is one that draws. */
    public static Bar choose(Map<String, String> variables) {
        @Nullable String locale = null;
        for (String variable : new String[] {"LC_ALL", "LC_CTYPE", "LANG"}) {
            if (locale == null || locale.isEmpty()) {
                locale = variables.get(variable);
            }
        }
        boolean utf8 = locale != null
                && locale.replace("-", "").toLowerCase(java.util.Locale.ROOT).contains("utf8");
        String terminal = variables.getOrDefault("TERM", "dumb");
        return utf8 && !terminal.startsWith("dumb") && !terminal.equals("linux") ? LINES : ASCII;
    }

    String draw(long done, long total, int width) {
        int filled = total <= 0 ? 0 : Math.clamp((long) ((double) width * done / total), 0, width);
        return String.valueOf(this.done).repeat(filled) + String.valueOf(open).repeat(width - filled);
    }

    /** The text if it is short enough, else its beginning and, because files differ there, its end. */
    String fit(String text, int width) {
        if (text.length() <= width) {
            return text;
        }
        if (width <= ellipsis.length()) {
            return text.substring(0, Math.max(0, width));
        }
        int kept = width - ellipsis.length();
        int head = kept / 2;
        return text.substring(0, head) + ellipsis + text.substring(text.length() - (kept - head));
    }
}
