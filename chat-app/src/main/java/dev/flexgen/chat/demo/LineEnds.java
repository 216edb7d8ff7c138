package dev.flexgen.chat.demo;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Has a line feed return to the first column, as terminals are set to. */
final class LineEnds extends FilterOutputStream {

    LineEnds(OutputStream terminal) {
        super(terminal);
    }

    @Override
    public void write(int b) throws IOException {
        if (b == '\n') {
            out.write('\r');
        }
        out.write(b);
    }
}
