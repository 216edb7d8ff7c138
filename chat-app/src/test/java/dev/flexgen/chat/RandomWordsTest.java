package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of random weights speaks with the demo's tokenizer, which knows fewer ids. */
class RandomWordsTest {

    @TempDir
    Path home;

    @Test
    void everyTokenHasAText() throws IOException {
        Path shape = Files.createDirectory(home.resolve("shape"));
        Files.writeString(shape.resolve("config.json"), """
                {"model_type": "opt", "hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 1, "vocab_size": 40000,
                 "max_position_embeddings": 64, "num_attention_heads": 2, "word_embed_proj_dim": 32,
                 "bos_token_id": 2, "eos_token_id": null}
                """);
        var outcome = new Session(home)
                .run(
                        "generate",
                        "-m",
                        shape.toString(),
                        "--random-weights",
                        "--device=cpu",
                        "--prompt=Hello",
                        "--max-new-tokens=20",
                        "--temperature=5",
                        "--seed=1");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out().strip()).hasSizeGreaterThan(20);
    }
}
