package dev.flexgen.chat.wizard;

/** Something that a person pressed. */
public sealed interface Key {

    /** A key without a character. */
    enum Named implements Key {
        UP,
        DOWN,
        LEFT,
        RIGHT,
        HOME,
        END,
        PAGE_UP,
        PAGE_DOWN,
        ENTER,
        ESCAPE,
        /** Ctrl-C. */
        INTERRUPT,
        BACKSPACE,
        DELETE
    }

    /** A key that writes. */
    record Typed(char character) implements Key {}
}
