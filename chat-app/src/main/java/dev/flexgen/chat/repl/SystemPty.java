package dev.flexgen.chat.repl;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.spi.Pty;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;

/**
 * The process's terminal as the system knows it, with two things otherwise: a terminal that does not know its size (a serial
 * line, some containers) has that of the variables {@code COLUMNS} and {@code LINES}, or 80 by 24; and keys come by
 * {@link KeyStream}.
 */
final class SystemPty implements Pty {

    private static final Size USUAL = new Size(80, 24);

    private final Pty pty;
    private final Map<String, String> environment;

    SystemPty(Pty pty, Map<String, String> environment) {
        this.pty = pty;
        this.environment = environment;
    }

    @Override
    public Size getSize() throws IOException {
        return known(pty.getSize(), environment);
    }

    /** The size, with what is missing of it replaced. */
    static Size known(Size size, Map<String, String> environment) {
        return new Size(
                known(size.getColumns(), environment.getOrDefault("COLUMNS", ""), USUAL.getColumns()),
                known(size.getRows(), environment.getOrDefault("LINES", ""), USUAL.getRows()));
    }

    private static int known(int asked, String variable, int usual) {
        if (asked > 0) {
            return asked;
        }
        return variable.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(variable) : usual;
    }

    @Override
    public InputStream getSlaveInput() {
        return new KeyStream(new FileInputStream(FileDescriptor.in));
    }

    @Override
    public OutputStream getSlaveOutput() throws IOException {
        return pty.getSlaveOutput();
    }

    @Override
    public InputStream getMasterInput() throws IOException {
        return pty.getMasterInput();
    }

    @Override
    public OutputStream getMasterOutput() throws IOException {
        return pty.getMasterOutput();
    }

    @Override
    public Attributes getAttr() throws IOException {
        return pty.getAttr();
    }

    @Override
    public void setAttr(Attributes attributes) throws IOException {
        pty.setAttr(attributes);
    }

    @Override
    public void setSize(Size size) throws IOException {
        pty.setSize(size);
    }

    @Override
    public SystemStream getSystemStream() {
        return pty.getSystemStream();
    }

    @Override
    public TerminalProvider getProvider() {
        return pty.getProvider();
    }

    @Override
    public void close() throws IOException {
        pty.close();
    }
}
