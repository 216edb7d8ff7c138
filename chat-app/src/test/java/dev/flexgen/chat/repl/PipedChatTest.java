package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.ClosedOutputException;
import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PipedChatTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private ScriptedChatModel model = new ScriptedChatModel(2048);
    private boolean terminal;

    private ChatSetup setup() {
        return TestSetup.of(model, Path.of("unused"), Theme.PLAIN, Verbosity.NORMAL, _ -> {});
    }

    private int run(byte[] input) throws IOException {
        // an encoding that cannot say "ü": the chat must not depend on it
        var ascii = new PrintStream(out, false, StandardCharsets.US_ASCII);
        return run(new ByteArrayInputStream(input), ascii, CancelToken::new);
    }

    private int run(InputStream input, PrintStream output, Supplier<CancelToken> tokens) {
        var streams = new Streams(
                InputStream.nullInputStream(),
                output,
                new PrintStream(err, true),
                () -> false,
                () -> false,
                () -> terminal);
        return PipedChat.run(setup(), input, streams, tokens);
    }

    private int run(String input) throws IOException {
        return run(input.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void everyLineIsATurnAndRepliesStandAlone() throws IOException {
        model.says("Grüße!").says("two\nlines").says("/bye?");
        assertThat(run("hällo\r\n\n   \nand again\n/bye")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("Grüße!\ntwo\nlines\n/bye?\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(model.prompts()).first().isEqualTo("H: hällo\nA:");
        assertThat(model.prompts()).last().asString().endsWith("H: and again\nA:two\nlines\nH: /bye\nA:");
    }

    @Test
    void noInputIsNoConversation() throws IOException {
        assertThat(run("")).isZero();
        assertThat(out.size()).isZero();
    }

    @Test
    void aLineThatIsNotUtf8IsReportedAndTheNextOneAnswered() throws IOException {
        model.says("fine");
        assertThat(run(new byte[] {'a', (byte) 0xFF, 'b', '\n', 'c', '\n'})).isEqualTo(1);
        assertThat(model.prompts()).containsExactly("H: c\nA:");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("fine\n");
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("flexgen-chat: line 1 got no reply: It is not UTF-8 text.\n");
    }

    @Test
    void aByteOrderMarkIsNotSaidToTheModel() throws IOException {
        model.says("fine");
        assertThat(run("\uFEFFhi\r\n")).isZero();
        assertThat(model.prompts()).containsExactly("H: hi\nA:");
    }

    @Test
    void anInputThatCannotBeReadIsOneSentence() {
        var folder = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("Is a directory");
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return read();
            }
        };
        assertThatThrownBy(() -> run(folder, new PrintStream(out), CancelToken::new))
                .isInstanceOf(CommandException.class)
                .hasMessage("standard input cannot be read: Is a directory");
    }

    @Test
    void aMessageTooLongIsReportedAndTheNextOneAnswered() throws IOException {
        model = new ScriptedChatModel(128).says("fine");
        assertThat(run("m".repeat(130) + "\nshort\n")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("fine\n");
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("flexgen-chat: line 1 got no reply: This message has 136 tokens, but the context of 128"
                        + " has room for only 119; shorten it or send it in parts.\n");
    }

    @Test
    void aLineOfMoreThanAMegabyteIsSkipped() throws IOException {
        model.says("fine");
        assertThat(run("x".repeat(1 << 21) + "\nshort\n")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("fine\n");
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("flexgen-chat: line 1 got no reply: It has more than 1048576 characters.\n");
    }

    @Test
    void forgottenTurnsAreAnnouncedOnStandardError() throws IOException {
        model = new ScriptedChatModel(128).says("a".repeat(50)).says("b");
        assertThat(run("m".repeat(40) + "\nnext\n")).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("flexgen-chat: [the context is full: forgot the oldest turn, kept 0]\n");
    }

    @Test
    void aRequestTheModelRefusesIsReportedAndTheNextOneAnswered() throws IOException {
        model.saysAndFails("", EngineException.input("no such id")).says("fine");
        assertThat(run("one\ntwo\n")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("fine\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("line 1 got no reply: no such id\n");
    }

    @Test
    void aClosedPipeEndsTheChat() {
        model.says("lost words").says("never asked");
        var closed = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        var input = new ByteArrayInputStream("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> run(input, closed, CancelToken::new)).isInstanceOf(ClosedOutputException.class);
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void aCancelledReplyEndsTheChat() throws IOException {
        model.says("never").says("never");
        var input = new ByteArrayInputStream("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
        int code = run(input, new PrintStream(out), () -> {
            var token = new CancelToken();
            token.cancel();
            return token;
        });
        assertThat(code).isEqualTo(130);
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void aReplyDoesNotWaitForTheNextLine() throws Exception {
        model.says("prompt answer");
        var keys = new PipedOutputStream();
        var input = new PipedInputStream(keys);
        var replies = new PipedInputStream();
        var output = new PrintStream(new PipedOutputStream(replies));
        var code = CompletableFuture.supplyAsync(() -> run(input, output, CancelToken::new));
        keys.write("hi\n".getBytes(StandardCharsets.UTF_8));
        keys.flush();
        assertThat(new String(replies.readNBytes(14), StandardCharsets.UTF_8)).isEqualTo("prompt answer\n");
        keys.close();
        assertThat(code.get(10, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void aPipeGetsTheModelsOwnText() throws IOException {
        var text = "\u001b[2Jx\u0000\r\n\u007f\u009b\u202e";
        model.says(text);
        run("hi\n");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(text + "\n");
    }

    @Test
    void aTerminalBehindAPipedInputGetsHarmlessText() throws IOException {
        terminal = true;
        model.says("\u001b[2Jx");
        run("hi\n");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("␛[2Jx\n");
    }
}
