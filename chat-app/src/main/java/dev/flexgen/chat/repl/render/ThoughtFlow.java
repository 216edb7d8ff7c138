package dev.flexgen.chat.repl.render;

import dev.flexgen.chat.prompt.Thoughts;
import dev.flexgen.config.ThoughtsChoice;

/**
 * Shows the thoughts that a reply begins with dim and without their marks, or folded to one line when they are over, an empty line,
 * and then the answer. Each piece of thoughts is dim by itself, so that nothing stays dim when the reply is stopped. Owned by one
 * thread.
 */
final class ThoughtFlow implements TextFlow {

    private enum Part {
        /** It may still begin with thoughts. */
        BEGINNING,
        THOUGHTS,
        /** The thoughts are over and nothing of the answer has come. */
        BETWEEN,
        ANSWER
    }

    private final Theme theme;
    private final boolean folded;
    private final WordWrap thoughts;
    private final TextFlow answer;
    private Part part = Part.BEGINNING;
    private boolean thought;
    private int tokens;

    /** What may be a part of a mark, and blanks, which are shown when something follows them. */
    private final StringBuilder held = new StringBuilder();

    ThoughtFlow(Theme theme, ThoughtsChoice choice, int columns, TextFlow answer) {
        this.theme = theme;
        this.folded = choice == ThoughtsChoice.FOLDED;
        this.answer = answer;
        thoughts = new WordWrap(columns);
    }

    @Override
    public void thinking() {
        part = Part.THOUGHTS;
    }

    @Override
    public void token() {
        tokens += part == Part.BEGINNING || part == Part.THOUGHTS ? 1 : 0;
    }

    @Override
    public String hidden() {
        return folded && part == Part.THOUGHTS ? " thinking, " + counted() : "";
    }

    private String counted() {
        return tokens + (tokens == 1 ? " token" : " tokens");
    }

    @Override
    public String push(String text) {
        if (part == Part.ANSWER) {
            return answer.push(text);
        }
        held.append(text);
        return switch (part) {
            case BEGINNING -> begin();
            case THOUGHTS -> think();
            case BETWEEN, ANSWER -> answer();
        };
    }

    private String begin() {
        String text = held.toString().stripLeading();
        if (text.startsWith(Thoughts.BEGIN)) {
            part = Part.THOUGHTS;
            hold(text.substring(Thoughts.BEGIN.length()));
            return think();
        }
        if (Thoughts.BEGIN.startsWith(text)) {
            return "";
        }
        return answer();
    }

    private String think() {
        int end = held.indexOf(Thoughts.END);
        if (end < 0) {
            return thoughts(lastCertain());
        }
        String rest = held.substring(end + Thoughts.END.length());
        held.setLength(end);
        String last = lastThoughts();
        part = Part.BETWEEN;
        hold(rest);
        return last + answer();
    }

    /** How much of what is held belongs to the thoughts whatever follows: no blanks at its end, no part of a mark. */
    private int lastCertain() {
        int length = held.length();
        for (int i = Math.max(0, length - Thoughts.END.length() + 1); i < length; i++) {
            if (Thoughts.END.startsWith(held.substring(i))) {
                length = i;
            }
        }
        return held.substring(0, length).stripTrailing().length();
    }

    private String thoughts(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        String shown = thought ? text : text.stripLeading();
        thought |= !shown.isEmpty();
        return folded ? "" : dim(thoughts.push(shown));
    }

    private String lastThoughts() {
        String rest = thoughts(held.toString().stripTrailing().length());
        String folds = folded && thought ? thoughts.push("[thought for " + counted() + "; /show thoughts]") : "";
        return rest + dim(folds + thoughts.finish());
    }

    private String dim(String shown) {
        return shown.isEmpty() ? "" : theme.dim(shown);
    }

    private String answer() {
        String text = part == Part.BETWEEN ? held.toString().stripLeading() : held.toString();
        if (text.isEmpty()) {
            return "";
        }
        held.setLength(0);
        part = Part.ANSWER;
        return (thought ? "\n\n" : "") + answer.push(text);
    }

    private void hold(String text) {
        held.setLength(0);
        held.append(text);
    }

    @Override
    public String finish() {
        return switch (part) {
            case BEGINNING -> answer() + answer.finish();
            case THOUGHTS -> lastThoughts();
            case BETWEEN -> "";
            case ANSWER -> answer.finish();
        };
    }

    @Override
    public String separator(int width) {
        return shown().separator(width);
    }

    @Override
    public int room() {
        return shown().room();
    }

    @Override
    public void resize(int columns) {
        thoughts.resize(columns);
        answer.resize(columns);
    }

    private TextFlow shown() {
        return part == Part.THOUGHTS || part == Part.BETWEEN ? thoughts : answer;
    }
}
