package dev.flexgen.tokenizer;

/**
 * Ends code where the Python function ends that it is in: before the next line that is indented no deeper than its {@code def}, with
 * the blank lines in front of it. If what came before is in no function, it is the first one that begins. Of functions within others the
 * outermost counts. Lines within long strings, and those that close a bracket, end nothing.
 */
public final class PythonFunctionStop implements TextStop {

    private static final int NONE = -1;
    private static final int TAB = 8;

    private final StringBuilder held = new StringBuilder();

    /** Of the line that is being written, behind its indentation; as much of it as may say that it begins a function. */
    private final StringBuilder line = new StringBuilder();

    private int function = NONE; // indentation of its def
    private int indentation;
    private boolean inIndentation = true;
    private char quote; // of the long string that is open, or 0
    private char last;
    private int alike; // quotes in a row, or 0
    private boolean before = true;
    private boolean stopped;

    /** @param prompt what comes before the text */
    public PythonFunctionStop(String prompt) {
        for (int i = 0; i < prompt.length(); i++) {
            take(prompt.charAt(i));
        }
        before = false;
        held.setLength(0);
    }

    @Override
    public String push(String text) {
        StringBuilder certain = new StringBuilder();
        for (int i = 0; i < text.length() && !stopped; i++) {
            held.append(text.charAt(i));
            take(text.charAt(i));
            if (!inIndentation) {
                certain.append(held);
                held.setLength(0);
            }
        }
        return certain.toString();
    }

    @Override
    public boolean stopped() {
        return stopped;
    }

    @Override
    public String flush() {
        String rest = stopped ? "" : held.toString();
        held.setLength(0);
        return rest;
    }

    private void take(char c) {
        if (c == '\n' || c == '\r') {
            indentation = 0;
            inIndentation = true;
            alike = 0;
        } else if (inIndentation && c == ' ') {
            indentation++;
        } else if (inIndentation && c == '\t') {
            indentation = (indentation / TAB + 1) * TAB;
        } else {
            if (inIndentation) {
                begin(c);
            }
            if (!stopped) {
                within(c);
            }
        }
    }

    /** The first character of a line that is not blank. */
    private void begin(char c) {
        boolean ends = function != NONE && quote == 0 && indentation <= function && ")]}".indexOf(c) < 0;
        if (ends && before) {
            function = c == '#' ? function : NONE; // people comment anywhere
        } else if (ends) {
            stopped = true;
            return;
        }
        inIndentation = false;
        line.setLength(0);
    }

    private void within(char c) {
        if (line.length() < "async def ".length()) {
            line.append(c);
            String words = line.toString();
            if (function == NONE && quote == 0 && (words.equals("def ") || words.equals("async def "))) {
                function = indentation;
            }
        }
        if (c != '"' && c != '\'') {
            alike = 0;
            return;
        }
        alike = alike > 0 && c == last ? alike + 1 : 1;
        last = c;
        if (alike == 3) {
            alike = 0;
            quote = quote == 0 ? c : quote == c ? 0 : quote;
        }
    }
}
