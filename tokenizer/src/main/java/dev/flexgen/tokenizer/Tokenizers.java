package dev.flexgen.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the tokenizer files of a model folder and opens them. */
public final class Tokenizers {

    private Tokenizers() {}

    /**
     * Whether the folder holds a tokenizer: {@code tokenizer.json}, or {@code vocab.json} with {@code merges.txt}.
     */
    public static boolean present(Path modelFolder) {
        ModelFolder folder = new ModelFolder(modelFolder);
        return folder.has(ModelFolder.TOKENIZER) || hasVocabularyAndMerges(folder);
    }

    /**
     * Opens the folder's tokenizer, from {@code tokenizer.json} where there is one. Nothing is downloaded.
     *
     * <p>What {@link Tokenizer#encode} puts in front of a text is decided by the first of these that applies:
     * <ol>
     *   <li>{@code tokenizer.json} has a template that puts special tokens first (GLM's {@code [gMASK]<sop>}): those.
     *   <li>{@code tokenizer_config.json} has {@code add_bos_token}: its {@code bos_token} if true, nothing if false.
     *   <li>{@code config.json} says {@code "model_type": "opt"} with {@code bos_token_id} equal to
     *       {@code eos_token_id} (both default to 2): that id. OPT begins every text with the token that also ends it.
     *       Galactica is an {@code opt} too, but has a begin token of its own (0, end 2), which it never uses.
     *   <li>{@code config.json} names a GLM: {@code [gMASK]<sop>}, if the tokenizer knows them.
     *   <li>Otherwise nothing (Galactica, BLOOM, CodeGen).
     * </ol>
     *
     * @param nativeCacheDir where the native library is unpacked at the first use on this machine (about 15 MB); a
     *     process uses the folder of its first call
     * @throws TokenizerException if there are no tokenizer files, they are damaged or of an unsupported kind, or the
     *     native library cannot be unpacked and loaded
     */
    public static Tokenizer open(Path modelFolder, Path nativeCacheDir) {
        ModelFolder folder = new ModelFolder(modelFolder);
        TokenizerSource source = source(folder);
        NativeLibrary library = new NativeLibrary(nativeCacheDir);
        Thread loader = library.loadAhead();
        try {
            TokenizerJson json = source.read();
            int[] begin = BeginRule.beginIds(json, folder);
            return HfTokenizer.open(source, json, begin, library);
        } finally {
            awaitEnd(loader);
        }
    }

    /**
     * Loads what {@link #open} needs besides the model, to see whether this machine can.
     *
     * @param nativeCacheDir as there
     * @throws TokenizerException if the native library cannot be unpacked and loaded
     */
    public static void check(Path nativeCacheDir) {
        new NativeLibrary(nativeCacheDir).load();
    }

    /** Nothing writes into the cache folder once a call has returned, also where it failed early. */
    private static void awaitEnd(Thread loader) {
        try {
            loader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static TokenizerSource source(ModelFolder folder) {
        if (folder.has(ModelFolder.TOKENIZER)) {
            return () -> TokenizerJsonReader.read(
                    folder.read(ModelFolder.TOKENIZER), folder.describe(ModelFolder.TOKENIZER));
        }
        if (hasVocabularyAndMerges(folder)) {
            return () -> VocabularyAndMerges.read(folder);
        }
        if (!Files.isDirectory(folder.path())) {
            throw new TokenizerException("There is no model folder " + folder.path() + ".");
        }
        throw new TokenizerException("No tokenizer in " + folder.path()
                + ": put tokenizer.json, or vocab.json and merges.txt, beside the model's weights.");
    }

    private static boolean hasVocabularyAndMerges(ModelFolder folder) {
        return folder.has(ModelFolder.VOCABULARY) && folder.has(ModelFolder.MERGES);
    }
}
