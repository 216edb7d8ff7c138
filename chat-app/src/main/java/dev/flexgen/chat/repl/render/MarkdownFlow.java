package dev.flexgen.chat.repl.render;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shows the common part of Markdown as it comes: headings, bold, lists, quotes, code. A mark is understood when it is complete
 * and never looked ahead for, so that a slow model's words are not held back; what is none stays as it was written. Libraries
 * for Markdown read whole documents. Owned by one thread.
 */
final class MarkdownFlow implements TextFlow {

    /** How a line may begin: a heading, an item of a list, a numbered one, a quotation, a block of code. */
    private static final Pattern BEGINNING = Pattern.compile(" {0,3}(?<heading>#{1,6}) |(?<indent> *)(?<item>[-*+]) "
            + "|(?<number> *\\d{1,3}[.)] )|(?<quote>> )| {0,3}(?<fence>`{3,}|~{3,})(?<language>[^\\n`]*)\\n");

    private static final Pattern END_OF_CODE = Pattern.compile(" {0,3}(?<fence>`{3,}|~{3,}) *\\n");

    private final Theme theme;
    private final WordWrap wrap;

    /** The beginning of a line whose kind is not known yet. */
    private final StringBuilder beginning = new StringBuilder();

    private boolean atBeginning = true;
    private String openFence = "";
    private CodePainter code;

    /** Columns that the line of code has at most: its last word may be held back. */
    private int codeColumns;

    private final InlineMarks marks = new InlineMarks();
    private boolean heading;
    private boolean dressed;

    MarkdownFlow(Theme theme, int columns) {
        this.theme = theme;
        wrap = new WordWrap(columns);
        code = new CodePainter(theme, "");
    }

    @Override
    public String push(String text) {
        var out = new StringBuilder();
        for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
            take(text.codePointAt(at), out);
        }
        return out.toString();
    }

    @Override
    public String finish() {
        var out = new StringBuilder();
        if (inCode()) {
            boolean closing = END_OF_CODE.matcher(beginning + "\n").matches();
            out.append(closing ? "" : code.push(beginning.toString())).append(code.finish());
        } else {
            if (!BEGINNING.matcher(beginning + "\n").matches()) {
                flushBeginning(out);
            }
            prose(marks.finish(), out);
            unmark();
            out.append(wrap.finish());
        }
        beginning.setLength(0);
        return out.toString();
    }

    @Override
    public String separator(int width) {
        return inCode() ? atBeginning ? "" : "\n" : wrap.separator(width);
    }

    @Override
    public int room() {
        return inCode() ? wrap.room(codeColumns) : wrap.room();
    }

    @Override
    public void resize(int columns) {
        wrap.resize(columns);
    }

    private boolean inCode() {
        return !openFence.isEmpty();
    }

    @SuppressWarnings("JdkObsolete") // hitEnd is for text that comes piece by piece, as this does
    private void take(int c, StringBuilder out) {
        if (!atBeginning) {
            inLine(c, out);
            return;
        }
        beginning.appendCodePoint(c);
        Matcher matcher = (inCode() ? END_OF_CODE : BEGINNING).matcher(beginning);
        if (matcher.matches()) {
            atBeginning = false;
            understood(matcher, out);
            beginning.setLength(0);
        } else if (!matcher.hitEnd()) {
            flushBeginning(out);
        }
    }

    private void flushBeginning(StringBuilder out) {
        atBeginning = false;
        var text = beginning.toString();
        beginning.setLength(0);
        for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
            inLine(text.codePointAt(at), out);
        }
    }

    private void understood(Matcher line, StringBuilder out) {
        if (inCode()) {
            if (line.group("fence").startsWith(openFence)) {
                out.append(code.finish());
                openFence = "";
                atBeginning = true;
            } else {
                flushBeginning(out);
            }
        } else if (line.group("heading") != null) {
            heading = true;
            dressed = true;
            wrap.mark(theme.strong());
        } else if (line.group("item") != null) {
            prefix(line.group("indent") + "\u2022 ", out);
        } else if (line.group("number") != null) {
            prefix(line.group("number"), out);
        } else if (line.group("quote") != null) {
            prefix("\u2502 ", out);
        } else {
            openFence = line.group("fence");
            var language = line.group("language").strip();
            code = new CodePainter(theme, language);
            out.append(language.isEmpty() ? "" : theme.dim(language) + "\n");
            atBeginning = true;
        }
    }

    private void prefix(String text, StringBuilder out) {
        out.append(wrap.push(text));
        wrap.hang(text.length());
    }

    private void inLine(int c, StringBuilder out) {
        if (inCode()) {
            var character = Character.toString(c);
            out.append(code.push(character));
            codeColumns = c == '\n' ? 0 : codeColumns + (c == '\t' ? WordWrap.TAB : Columns.of(character));
        } else {
            prose(marks.take(c), out);
        }
        if (c == '\n') {
            if (!inCode()) {
                unmark();
                out.append(wrap.push("\n"));
                wrap.hang(0);
            }
            atBeginning = true;
        }
    }

    private void prose(InlineMarks.Piece piece, StringBuilder out) {
        if (piece.changed()) {
            wrap.mark((dressed ? theme.reset() : "")
                    + (heading || marks.strong() ? theme.strong() : "")
                    + (marks.code() ? theme.code() : ""));
            dressed = heading || marks.strong() || marks.code();
        }
        out.append(wrap.push(piece.text()));
    }

    /** At the end of a line, whatever was left open in it. */
    private void unmark() {
        if (dressed) {
            wrap.mark(theme.reset());
        }
        dressed = false;
        heading = false;
        marks.reset();
    }
}
