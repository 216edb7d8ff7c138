package dev.flexgen.chat.wizard;

/**
 * One line of text that is being written.
 *
 * @param cursor characters before it
 */
public record TextField(String text, int cursor) {

    private static final int MOST_CHARACTERS = 1024;

    public static final TextField EMPTY = new TextField("", 0);

    /** With the cursor behind the text. */
    public static TextField of(String text) {
        return new TextField(text, text.length());
    }

    /** After a key; unchanged by those that do nothing to a text. */
    TextField after(Key key) {
        return switch (key) {
            case Key.Typed(char character) ->
                text.length() >= MOST_CHARACTERS
                        ? this
                        : new TextField(text.substring(0, cursor) + character + text.substring(cursor), cursor + 1);
            case Key.Named named ->
                switch (named) {
                    case LEFT -> new TextField(text, Math.max(0, cursor - 1));
                    case RIGHT -> new TextField(text, Math.min(text.length(), cursor + 1));
                    case HOME -> new TextField(text, 0);
                    case END -> of(text);
                    case BACKSPACE -> cursor == 0 ? this : without(cursor - 1);
                    case DELETE -> cursor == text.length() ? this : without(cursor);
                    case UP, DOWN, PAGE_UP, PAGE_DOWN, ENTER, ESCAPE, INTERRUPT -> this;
                };
        };
    }

    private TextField without(int at) {
        return new TextField(text.substring(0, at) + text.substring(at + 1), at);
    }

    /** The part around the cursor that fits, with the cursor drawn as an underscore where it stands at the end. */
    String shown(int width) {
        String whole = text + "_";
        int from = Math.max(0, Math.min(cursor - width + 1, whole.length() - width));
        return whole.substring(from, Math.min(whole.length(), from + width));
    }
}
