package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.CommandContext;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.LineReader;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.Widget;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.utils.InfoCmp.Capability;
import org.jspecify.annotations.Nullable;

/** What keys do at the prompt, where that is not the line editor's own business. */
final class ChatKeys {

    private static final long PASTE_GAP_MILLIS = 300;
    private static final long SEQUENCE_GAP_MILLIS = 100;

    /** An Escape that nothing follows for so long was pressed alone, and makes no Alt key of the next one. */
    private static final long ESCAPE_GAP_MILLIS = 500;

    /** Those of all systems, and of web pages. */
    private static final Pattern LINE_END = Pattern.compile("\r\n?|[\u0085\u2028\u2029]");

    private static final String NOTHING = "flexgen-nothing";

    private static final int BELL = 7;
    private static final int ESCAPE = 27;

    /** How a terminal begins the answer to a question of an earlier program (its colours, its abilities), and goes on. */
    private static final Map<String, String> ANSWERS =
            Map.of("\u001b]", "0123456789", "\u001bP", "0123456789>+$!", "\u001b_", "G");

    /** Enter with Shift, Control or Alt, as terminals say it that tell them apart. */
    private static final String[] NEW_LINE = {
        "\u001b[13;2u", "\u001b[13;3u", "\u001b[13;5u", "\u001b[27;2;13~", "\u001b[27;3;13~", "\u001b[27;5;13~"
    };

    /** Enter, that of the number pad, and the one of terminals that give every key a number. */
    private static final String[] SEND = {"\r", "\n", "\u001bOM", "\u001b[13u"};

    /** Ctrl-G, as in ollama, and Ctrl-X Ctrl-E, as in shells. */
    private static final String[] EDIT = {"\u0007", "\u0018\u0005"};

    /** Keys that terminals name in two ways, whatever mode they are told to be in. */
    private static final Map<String, String> ARROWS = Map.of(
            "A", LineReader.UP_LINE_OR_SEARCH,
            "B", LineReader.DOWN_LINE_OR_SEARCH,
            "C", LineReader.FORWARD_CHAR,
            "D", LineReader.BACKWARD_CHAR,
            "H", LineReader.BEGINNING_OF_LINE,
            "F", LineReader.END_OF_LINE);

    /**
     * Of the line editor's commands those that run a program which is not here, make sense in a shell only, or take the next
     * key for a character to look for, even if it is Ctrl-C.
     */
    private static final List<String> USELESS = List.of(
            LineReader.EDIT_AND_EXECUTE_COMMAND,
            LineReader.INSERT_COMMENT,
            LineReader.VI_CMD_MODE,
            LineReader.ACCEPT_AND_HOLD,
            LineReader.CHARACTER_SEARCH,
            LineReader.CHARACTER_SEARCH_BACKWARD,
            LineReader.VI_FIND_NEXT_CHAR);

    private final CommandContext chat;
    private final ChatTerminal screen;
    private final ChatLineReader reader;
    private final KeyMap<Binding> keys;

    private ChatKeys(ChatTerminal screen, ChatLineReader reader, CommandContext chat) {
        this.chat = chat;
        this.screen = screen;
        this.reader = reader;
        keys = Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN));
    }

    /** Gives the editor these keys. */
    static void bind(ChatTerminal screen, ChatLineReader reader, CommandContext chat) {
        new ChatKeys(screen, reader, chat).bindAll();
    }

    private void bindAll() {
        for (String useless : USELESS) {
            reader.getWidgets().put(useless, () -> true);
        }
        // Some keys come bound to commands that the editor does not have; it would say so across the screen.
        for (Binding binding : keys.getBoundKeys().values()) {
            if (binding instanceof Reference reference) {
                reader.getWidgets().putIfAbsent(reference.name(), () -> true);
            }
        }
        ARROWS.forEach((letter, widget) -> keys.bind(new Reference(widget), "\u001b[" + letter, "\u001bO" + letter));
        bind("flexgen-send-or-continue", this::sendOrContinue, SEND);
        bind("flexgen-new-line", this::newLine, NEW_LINE);
        bind("flexgen-paste", this::paste, KeyListener.PASTE_BEGIN);
        bind("flexgen-edit", this::edit, EDIT);
        bind("flexgen-skip-key", this::skipKey, "\u001bO");
        bind("flexgen-skip-sequence", this::skipSequence, beginnings("\u001b["));
        reader.getWidgets().put(LineReader.MOUSE, this::skipSequence); // nobody has asked for the mouse
        reader.getWidgets().put(LineReader.DO_LOWERCASE_VERSION, this::altCapital);
        ANSWERS.forEach(this::bindAnswer);
        bindControl(ControlChar.VINTR, "flexgen-interrupt", this::interrupt);
        bindControl(ControlChar.VSUSP, "flexgen-suspend", this::suspend);
        bindControl(ControlChar.VQUIT, NOTHING, () -> true);
        bind(NOTHING, () -> true, "\u001b");
        keys.setAmbiguousTimeout(ESCAPE_GAP_MILLIS);
        // Without it, the editor passes over an Escape that begins no key, and keeps the key behind it until there is
        // another.
        keys.setNomatch(new Reference(NOTHING));
    }

    private void bind(String name, Widget widget, CharSequence... sequences) {
        reader.getWidgets().put(name, widget);
        keys.bind(new Reference(name), sequences);
    }

    /** Unless it goes on as an answer does, {@code begin} is a key as before. */
    private void bindAnswer(String begin, String second) {
        Binding key = keys.getBound(begin);
        bind(
                "flexgen-answer-" + begin.charAt(1),
                () -> {
                    if (second.indexOf(reader.peekKey(SEQUENCE_GAP_MILLIS)) >= 0) {
                        skipAnswer(begin.substring(1));
                    } else {
                        pressed(key, begin.substring(1));
                    }
                    return true;
                },
                begin);
    }

    /** All that a bound sequence may begin with, and may go on from to one that is not bound. */
    private String[] beginnings(String common) {
        return Stream.concat(
                        Stream.of(common),
                        keys.getBoundKeys().keySet().stream()
                                .filter(sequence -> sequence.startsWith(common))
                                .flatMap(sequence -> IntStream.range(common.length(), sequence.length())
                                        .mapToObj(end -> sequence.substring(0, end))))
                .distinct()
                .filter(beginning -> keys.getBound(beginning) == null)
                .toArray(String[]::new);
    }

    private void bindControl(ControlChar which, String name, Widget widget) {
        int key = screen.key(which);
        if (key >= 0) {
            bind(name, widget, Character.toString(key));
        }
    }

    /** A backslash at the end of the text becomes a line break; unless it is inside a fence, where text is literal. */
    private boolean sendOrContinue() {
        var buffer = reader.getBuffer();
        if (buffer.cursor() == buffer.length() && endsWithOneBackslash(buffer.toString())) {
            buffer.backspace();
            buffer.write("\n");
        } else {
            reader.callWidget(LineReader.ACCEPT_LINE);
        }
        return true;
    }

    private static boolean endsWithOneBackslash(String text) {
        return text.endsWith("\\") && !text.endsWith("\\\\") && !UserInput.isOpen(text);
    }

    private boolean newLine() {
        reader.getBuffer().write("\n");
        return true;
    }

    /** In its place among the keys: what is typed behind it belongs to the next line. */
    private boolean interrupt() {
        throw new UserInterruptException(reader.getBuffer().toString());
    }

    private boolean suspend() {
        reader.getTerminal().writer().write("\n");
        screen.suspend();
        if (!screen.isDumb()) {
            reader.getTerminal().puts(Capability.keypad_xmit);
        }
        reader.callWidget(LineReader.REDRAW_LINE);
        return true;
    }

    /** The draft in the user's editor, and back on the prompt. */
    private boolean edit() {
        var buffer = reader.getBuffer();
        reader.getTerminal().writer().write("\n");
        try {
            var text = chat.editor().edit(buffer.toString());
            buffer.clear();
            buffer.write(text);
        } catch (IOException e) {
            chat.error("The message could not be edited: " + e.getMessage() + ".");
        }
        reader.callWidget(LineReader.REDRAW_LINE);
        return true;
    }

    /** A paste as one piece of text, whatever line ends it came with. */
    private boolean paste() {
        var text = new StringBuilder();
        while (text.length() < KeyListener.PASTE_END.length()
                || text.indexOf(KeyListener.PASTE_END, text.length() - KeyListener.PASTE_END.length()) < 0) {
            boolean pause = reader.peekKey(PASTE_GAP_MILLIS) < 0;
            int key = reader.readCharacter();
            if (key < 0) {
                break;
            }
            if (pause && key == screen.key(ControlChar.VINTR)) {
                return interrupt(); // pressed by somebody whose terminal never ended the paste
            }
            text.appendCodePoint(key);
        }
        var pasted = text.toString().replace(KeyListener.PASTE_END, "");
        reader.getBuffer().write(LINE_END.matcher(pasted).replaceAll("\n"));
        return true;
    }

    /**
     * A key that nothing is bound to: its name, such as {@code ESC [ 2 4 ; 5 ~}, is no text. Control characters belong to no
     * name; they are keys of their own.
     */
    private boolean skipSequence() {
        int key = reader.peekKey(SEQUENCE_GAP_MILLIS);
        if (key == '[') { // F1 to F5 on the Linux console
            reader.readCharacter();
            return skipKey();
        }
        while (key >= ' ') {
            reader.readCharacter();
            key = key < '@' ? reader.peekKey(SEQUENCE_GAP_MILLIS) : -1;
        }
        return true;
    }

    /** What turns out to be no answer is text, as behind every Alt key that nothing is bound to. */
    private void skipAnswer(String first) {
        var text = new StringBuilder(first);
        int key = reader.peekKey(SEQUENCE_GAP_MILLIS);
        while (key >= ' ') {
            text.appendCodePoint(reader.readCharacter());
            key = reader.peekKey(SEQUENCE_GAP_MILLIS);
        }
        if (key == BELL) {
            reader.readCharacter();
        } else if (key == ESCAPE) {
            reader.readCharacter();
            endAnswer(text);
        } else {
            reader.getBuffer().write(text);
        }
    }

    /** Behind an Escape: an answer ends with a backslash, and else there was none and a key of its own begins. */
    private void endAnswer(CharSequence text) {
        int key = reader.peekKey(SEQUENCE_GAP_MILLIS);
        if (key == '\\') {
            reader.readCharacter();
            return;
        }
        reader.getBuffer().write(text);
        if (key == '[' || key == 'O') {
            reader.readCharacter();
            skipSequence();
        }
    }

    private void pressed(@Nullable Binding key, String otherwise) {
        if (key instanceof Reference reference) {
            reader.callWidget(reference.name());
        } else {
            reader.getBuffer().write(otherwise);
        }
    }

    /** Alt and a capital: the Alt key of the small letter, if there is one, else the capital itself. */
    private boolean altCapital() {
        String key = reader.getLastBinding();
        pressed(keys.getBound(key.toLowerCase(Locale.ROOT)), key.substring(1));
        return true;
    }

    private boolean skipKey() {
        if (reader.peekKey(SEQUENCE_GAP_MILLIS) >= ' ') {
            reader.readCharacter();
        }
        return true;
    }
}
