package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.input.KeyStroke;
import dev.flexgen.chat.wizard.Key;
import dev.flexgen.chat.wizard.Key.Named;
import java.util.Optional;

/** Lanterna's keys as the wizard's. */
final class Keys {

    private Keys() {}

    /** Empty for a key that means nothing here. The end of the input is somebody who hung up. */
    static Optional<Key> of(KeyStroke stroke) {
        return Optional.ofNullable(
                switch (stroke.getKeyType()) {
                    case Character -> character(stroke);
                    case Enter -> Named.ENTER;
                    case Escape -> Named.ESCAPE;
                    case EOF -> Named.INTERRUPT;
                    case ArrowUp, ReverseTab -> Named.UP;
                    case ArrowDown, Tab -> Named.DOWN;
                    case ArrowLeft -> Named.LEFT;
                    case ArrowRight -> Named.RIGHT;
                    case Home -> Named.HOME;
                    case End -> Named.END;
                    case PageUp -> Named.PAGE_UP;
                    case PageDown -> Named.PAGE_DOWN;
                    case Backspace -> Named.BACKSPACE;
                    case Delete -> Named.DELETE;
                    default -> null;
                });
    }

    private static @org.jspecify.annotations.Nullable Key character(KeyStroke stroke) {
        char character = stroke.getCharacter();
        if (stroke.isCtrlDown()) {
            return character == 'c' ? Named.INTERRUPT : null;
        }
        return new Key.Typed(character);
    }
}
