package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.plan.ActiveShares;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.store.ModelPacker;
import dev.flexgen.engine.store.PackListener;
import dev.flexgen.engine.store.PackStore;
import dev.flexgen.engine.store.PackedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Active neurons are counted as a model runs, and the count stays with its packed form. */
class PackedActivityTest {

    @TempDir
    Path folder;

    private Path pack(String model) {
        return new ModelPacker(new PackStore(folder.resolve("store")), 2, PackListener.NONE, new CancelToken())
                .pack("key", "m", Fixtures.golden(model), Encoding.F16)
                .folder();
    }

    private static void generate(OpenModel engine, int rounds, int tokens) {
        for (int round = 0; round < rounds; round++) {
            try (Session session = engine.session()) {
                session.prefill(new int[] {2, 3 + round}, new CancelToken(), ProgressListener.NONE);
                session.generate(
                        new GenerationRequest(tokens, SamplerOptions.greedy(), Set.of()),
                        new CancelToken(),
                        _ -> TokenListener.Verdict.CONTINUE);
            }
        }
    }

    private static OpenModel open(Path folder) {
        return OpenModel.open(folder, EngineOptions.defaults().withThreads(1));
    }

    @Test
    void whatWasCountedIsKeptAndGrows() {
        Path packed = pack("opt-f16");
        assertThat(PackedModel.in(packed).activeShares()).isEmpty();
        try (OpenModel engine = open(packed)) {
            assertThat(engine.model().activeShares()).isEmpty();
            generate(engine, 5, 20);
            ActiveShares shares = engine.model().activeShares().orElseThrow();
            assertThat(shares.layers())
                    .hasSize(engine.spec().layers())
                    .allSatisfy(share -> assertThat(share).isBetween(0.2, 0.8)); // random weights
            assertThat(shares.mean()).isBetween(0.3, 0.7);
            assertThat(shares.tokens()).isBetween(95L, 110L);
        }
        ActiveShares kept = PackedModel.in(packed).activeShares().orElseThrow();
        assertThat(kept.tokens()).isBetween(95L, 110L);

        try (OpenModel engine = open(packed)) {
            generate(engine, 1, 20);
        }
        assertThat(PackedModel.in(packed).activeShares())
                .as("fewer tokens say less")
                .contains(kept);
    }

    @Test
    void aFewTokensSayTooLittle() {
        Path packed = pack("opt-f16");
        try (OpenModel engine = open(packed)) {
            generate(engine, 1, 10);
        }
        assertThat(PackedModel.in(packed).activeShares()).isEmpty();
    }

    @Test
    void withoutReluNothingIsCounted() {
        Path packed = pack("galactica-f32");
        try (OpenModel engine = open(packed)) {
            generate(engine, 5, 20);
            assertThat(engine.model().activeShares()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "[]",
                "{\"tokens\":100}",
                "{\"active_share_by_layer\":[0.1],\"tokens\":100}",
                "{\"active_share_by_layer\":[0.1,null],\"tokens\":100}",
                "{\"active_share_by_layer\":[0.1,1.5],\"tokens\":100}",
                "{\"active_share_by_layer\":[0.1,\"x\"],\"tokens\":100}",
                "{\"active_share_by_layer\":[0.1,0.1],\"tokens\":0}"
            })
    void aDamagedFileCountsAsNone(String content) throws IOException {
        Path packed = pack("opt-f16");
        Files.writeString(packed.resolve("activity.json"), content);
        assertThat(PackedModel.in(packed).activeShares()).isEmpty();
        try (OpenModel engine = open(packed)) {
            generate(engine, 1, 4);
        }
    }
}
