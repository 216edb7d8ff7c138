package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.SGR;
import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.TextColor.ANSI;
import com.googlecode.lanterna.graphics.TextGraphics;
import com.googlecode.lanterna.screen.Screen;
import com.googlecode.lanterna.screen.Screen.RefreshType;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.wizard.Frame;
import dev.flexgen.chat.wizard.Line;
import dev.flexgen.chat.wizard.WizardState;
import dev.flexgen.config.PlainText;
import java.io.IOException;
import java.util.List;

/** Draws a state. Owned by the thread of the loop. */
final class Painter {

    private final Screen screen;
    private final Theme theme;

    /** @param theme plain for a screen without colours; emphasis and the selection stay, since they mean something */
    Painter(Screen screen, Theme theme) {
        this.screen = screen;
        this.theme = theme;
    }

    /** @param refresh complete after another size, since terminals move things about then */
    void paint(WizardState state, RefreshType refresh) throws IOException {
        TerminalSize size = screen.getTerminalSize();
        List<Line> lines = Frame.of(state, size.getColumns(), size.getRows());
        screen.clear();
        for (int row = 0; row < lines.size(); row++) {
            Line line = lines.get(row);
            TextGraphics graphics = screen.newTextGraphics();
            dress(graphics, line.style());
            graphics.putString(0, row, PlainText.line(line.text()));
        }
        screen.setCursorPosition(null);
        screen.refresh(refresh);
    }

    private void dress(TextGraphics graphics, Line.Style style) {
        switch (style) {
            case PLAIN -> {}
            case STRONG, SELECTED -> graphics.enableModifiers(SGR.BOLD);
            case DIM -> {
                if (!theme.isPlain()) {
                    graphics.setForegroundColor(ANSI.BLACK_BRIGHT);
                }
            }
            case ERROR -> {
                if (!theme.isPlain()) {
                    graphics.setForegroundColor(ANSI.RED);
                }
            }
        }
    }
}
