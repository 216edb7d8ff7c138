package dev.flexgen.chat.demo;

import dev.flexgen.chat.demo.Tape.Action;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jline.terminal.Size;

/** What a tape says to us in comments, where VHS overlooks it. */
final class TapeDirectives {

    private static final String MARK = "#@";
    private static final String KNOWN =
            "title TEXT, set NAME VALUE, size 80x24, pace N, expect /PATTERN/, expect not /PATTERN/";
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,3})x([0-9]{1,3})");
    private static final int FASTEST = 100_000;

    private final String source;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private String title = "";
    private Optional<Size> size = Optional.empty();

    TapeDirectives(String source) {
        this.source = source;
    }

    static boolean is(String line) {
        return line.startsWith(MARK);
    }

    String title() {
        return title;
    }

    Map<String, String> settings() {
        return settings;
    }

    Optional<Size> size() {
        return size;
    }

    /**
     * Understands one.
     *
     * @param typed whether a key was pressed before, when it is too late for some
     * @return what to do at its place, if anything
     */
    Optional<Action> read(int line, String content, boolean typed) {
        String[] parts = content.substring(MARK.length()).strip().split("\\s+", 2);
        String rest = parts.length < 2 ? "" : parts[1];
        if (typed && (parts[0].equals("set") || parts[0].equals("size"))) {
            throw TapeFault.at(source, line, MARK + " " + parts[0] + " must stand before the first key");
        }
        return switch (parts[0]) {
            case "title" -> {
                title = rest;
                yield Optional.empty();
            }
            case "set" -> {
                set(line, rest);
                yield Optional.empty();
            }
            case "size" -> {
                size = Optional.of(size(line, rest));
                yield Optional.empty();
            }
            case "pace" ->
                Optional.of(new Action.Pace(new TapeWords(source, line, rest).number(MARK + " pace", 0, FASTEST)));
            case "expect" -> Optional.of(expect(line, rest));
            default ->
                throw TapeFault.at(
                        source,
                        line,
                        "unknown directive '" + PlainText.excerpt(parts[0]) + "'; behind " + MARK + " there can be: "
                                + KNOWN);
        };
    }

    private void set(int line, String rest) {
        String[] words = rest.split("\\s+", 2);
        Setting<?> setting = SettingTable.find(words[0])
                .orElseThrow(() -> TapeFault.at(
                        source,
                        line,
                        "there is no setting '" + PlainText.excerpt(words[0])
                                + "'; 'flexgen-chat config show' lists those there are"));
        String value = words.length < 2 ? "" : words[1];
        try {
            var _ = setting.parse(value);
        } catch (ConfigException e) {
            throw TapeFault.at(source, line, e.getMessage());
        }
        settings.put(setting.name(), value);
    }

    private Size size(int line, String rest) {
        Matcher matcher = SIZE.matcher(rest);
        if (!matcher.matches() || Integer.parseInt(matcher.group(1)) < 20 || Integer.parseInt(matcher.group(2)) < 5) {
            throw TapeFault.at(
                    source,
                    line,
                    MARK + " size wants columns and rows such as 80x24, at least 20x5, not '" + PlainText.excerpt(rest)
                            + "'");
        }
        return new Size(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    private Action expect(int line, String rest) {
        boolean wanted = !rest.startsWith("not ");
        String pattern = (wanted ? rest : rest.substring(4)).strip();
        if (pattern.length() < 3 || !pattern.startsWith("/") || !pattern.endsWith("/")) {
            throw TapeFault.at(
                    source,
                    line,
                    MARK + " expect wants a pattern such as /tok.s/, perhaps behind 'not', and no '"
                            + PlainText.excerpt(rest) + "'");
        }
        return new Action.Expect(
                new TapeWords(source, line, "").pattern(pattern.substring(1, pattern.length() - 1)), wanted);
    }
}
