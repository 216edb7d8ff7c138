package dev.flexgen.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A tokenizer of the native library, set up never to cut off, pad or add anything. */
final class DjlTokenizer implements AutoCloseable {

    private static final Map<String, String> AS_IS = Map.of("truncation", "false", "padding", "false");

    private final HuggingFaceTokenizer tokenizer;
    private final WatchedCalls calls = new WatchedCalls();

    private DjlTokenizer(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * @param json the text of a tokenizer.json
     * @param where where it comes from, as error messages call it
     */
    static DjlTokenizer of(String json, String where, NativeLibrary library) {
        library.load();
        try {
            var bytes = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
            return new DjlTokenizer(HuggingFaceTokenizer.newInstance(bytes, AS_IS));
        } catch (IOException | RuntimeException e) {
            throw new TokenizerException(
                    where + " is not a tokenizer that can be loaded (" + ModelFolder.firstLine(e)
                            + "): fetch the model's tokenizer files again.",
                    e);
        }
    }

    /** @throws TokenizerException of the kind TEXT if the text is too long, or takes too long */
    int[] encode(String text) {
        String checked = Texts.checked(text);
        long[] ids = calls.call(checked.length(), () -> encodeNow(checked));
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = (int) ids[i];
        }
        return narrow;
    }

    private long[] encodeNow(String text) {
        try {
            return tokenizer.encode(text, false, false).getIds();
        } catch (IllegalStateException e) {
            throw e; // it is closed
        } catch (RuntimeException e) {
            throw TokenizerException.text("The tokenizer cannot split this text (" + ModelFolder.firstLine(e) + ").");
        }
    }

    String decode(long[] ids) {
        return tokenizer.decode(ids, false);
    }

    /** A call that was given up still uses the tokenizer, whose memory then stays until the process ends. */
    @Override
    public void close() {
        if (!calls.anyGivenUp()) {
            tokenizer.close();
        }
    }
}
