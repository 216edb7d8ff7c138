package dev.flexgen.chat.repl.render;

import java.util.Locale;
import java.util.Set;

/** Gives code a few colours, a word at a time: words of the language, strings, comments. Owned by one thread. */
final class CodePainter {

    private static final Set<String> KEYWORDS = Set.of(
            "abstract",
            "and",
            "as",
            "assert",
            "async",
            "await",
            "bool",
            "boolean",
            "break",
            "case",
            "catch",
            "char",
            "class",
            "const",
            "continue",
            "def",
            "default",
            "defer",
            "del",
            "do",
            "done",
            "double",
            "echo",
            "elif",
            "else",
            "enum",
            "esac",
            "except",
            "export",
            "extends",
            "false",
            "False",
            "fi",
            "final",
            "finally",
            "float",
            "fn",
            "for",
            "from",
            "func",
            "function",
            "global",
            "go",
            "if",
            "impl",
            "implements",
            "import",
            "in",
            "int",
            "interface",
            "is",
            "lambda",
            "let",
            "local",
            "long",
            "match",
            "mod",
            "mut",
            "new",
            "nil",
            "None",
            "nonlocal",
            "not",
            "null",
            "or",
            "package",
            "pass",
            "private",
            "protected",
            "pub",
            "public",
            "raise",
            "record",
            "return",
            "select",
            "SELECT",
            "FROM",
            "WHERE",
            "INSERT",
            "UPDATE",
            "DELETE",
            "CREATE",
            "TABLE",
            "JOIN",
            "self",
            "short",
            "static",
            "struct",
            "super",
            "switch",
            "then",
            "this",
            "throw",
            "throws",
            "trait",
            "true",
            "True",
            "try",
            "type",
            "use",
            "val",
            "var",
            "void",
            "while",
            "with",
            "yield");

    private static final Set<String> HASH_COMMENTS =
            Set.of("python", "py", "sh", "bash", "zsh", "shell", "ruby", "rb", "yaml", "yml", "toml", "r", "perl");

    private static final int NONE = 0;

    private final Theme theme;
    private final boolean hashComments;
    private final StringBuilder word = new StringBuilder();
    private int quote = NONE;
    private boolean comment;
    private boolean escaped;
    private boolean slash;

    /** @param language as it stands behind the fence; may be empty */
    CodePainter(Theme theme, String language) {
        this.theme = theme;
        hashComments = HASH_COMMENTS.contains(language.toLowerCase(Locale.ROOT));
    }

    /** The code with colours; a word that may go on is held back. */
    String push(String text) {
        var out = new StringBuilder();
        for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
            take(text.codePointAt(at), out);
        }
        return out.toString();
    }

    /** What was held back, and the end of all colours. */
    String finish() {
        var out = new StringBuilder();
        endWord(out);
        out.append(slash ? "/" : "").append(quote != NONE || comment ? theme.reset() : "");
        slash = false;
        return out.toString();
    }

    private void take(int c, StringBuilder out) {
        if (c == '\n') {
            endLine(out);
        } else if (comment) {
            out.appendCodePoint(c);
        } else if (quote != NONE) {
            inString(c, out);
        } else if (Character.isLetterOrDigit(c) || c == '_') {
            endSlash(out);
            word.appendCodePoint(c);
        } else {
            endWord(out);
            between(c, out);
        }
    }

    private void endLine(StringBuilder out) {
        endWord(out);
        endSlash(out);
        out.append(quote != NONE || comment ? theme.reset() : "").append('\n');
        quote = NONE;
        comment = false;
        escaped = false;
    }

    private void inString(int c, StringBuilder out) {
        out.appendCodePoint(c);
        if (c == quote && !escaped) {
            quote = NONE;
            out.append(theme.reset());
        }
        escaped = c == '\\' && !escaped;
    }

    private void between(int c, StringBuilder out) {
        if (slash && c == '/') {
            slash = false;
            comment = true;
            out.append(theme.dim()).append("//");
            return;
        }
        endSlash(out);
        if (c == '"' || c == '\'') {
            quote = c;
            out.append(theme.literal()).appendCodePoint(c);
        } else if (c == '#' && hashComments) {
            comment = true;
            out.append(theme.dim()).append('#');
        } else if (c == '/') {
            slash = true;
        } else {
            out.appendCodePoint(c);
        }
    }

    private void endSlash(StringBuilder out) {
        out.append(slash ? "/" : "");
        slash = false;
    }

    private void endWord(StringBuilder out) {
        var text = word.toString();
        word.setLength(0);
        out.append(KEYWORDS.contains(text) ? theme.keyword() + text + theme.reset() : text);
    }
}
