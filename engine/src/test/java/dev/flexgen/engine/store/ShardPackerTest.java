package dev.flexgen.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.weights.RowSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model whose files are here one at a time. */
class ShardPackerTest {

    @TempDir
    Path folder;

    private ShardPacker packer(Path source) {
        return new ShardPacker(
                new PackStore(folder.resolve("store")),
                "key",
                new PackHeader("m", Encoding.Q4, SourceIdentity.of(source)),
                PackListener.NONE,
                new CancelToken());
    }

    private static List<Path> shards(Path source) throws IOException {
        try (var files = Files.list(source)) {
            return files.filter(file -> file.toString().matches(".*\\.(safetensors|bin)"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "opt-f32-sharded",
                "opt-f16-bin-sharded",
                "opt-bf16",
                "bloom-bf16-bin-noprefix",
                "codegen-f16-bin",
                "glmedge-f32",
                "mixtral-f32",
                "qwen3moe-bf16-sharded",
                "zglm4moe-bf16-mtp"
            })
    void oneFileAfterTheOtherGivesTheRowsOfAllTogether(String model) throws IOException {
        Path source = Fixtures.golden(model);
        for (Path shard : shards(source)) {
            try (ShardPacker packer = packer(source)) { // a run of its own for each file
                assertThat(packer.needs(source, shard.getFileName().toString())).isTrue();
                packer.add(source, shard);
            }
        }
        try (ShardPacker packer = packer(source)) {
            assertThat(packer.isDone()).isFalse();
            if (shards(source).size() > 1) {
                assertThat(shards(source))
                        .noneMatch(it -> packer.needs(source, it.getFileName().toString()));
            }
            packer.finish(source);
        }
        try (ShardPacker packer = packer(source)) {
            assertThat(packer.isDone()).isTrue();
        }
        PackedModel one = PackedModel.in(folder.resolve("store/key/q4"));
        PackedModel all = PackedModel.in(
                new ModelPacker(new PackStore(folder.resolve("other")), 2, PackListener.NONE, new CancelToken())
                        .pack("key", "m", source, Encoding.Q4)
                        .folder());
        assertThat(PackItem.of(one, Encoding.Q4)).isEqualTo(PackItem.of(all, Encoding.Q4));
        try (RowSource ours = one.rows();
                RowSource theirs = all.rows();
                Arena arena = Arena.ofShared()) {
            for (PackItem item : PackItem.of(all, Encoding.Q4)) {
                long bytes = item.encoding().bytes(item.rows(), item.columns());
                MemorySegment first = arena.allocate(bytes);
                MemorySegment second = arena.allocate(bytes);
                ours.rows(item.role(), item.layer(), 0, item.encoding(), item.columns(), first);
                theirs.rows(item.role(), item.layer(), 0, item.encoding(), item.columns(), second);
                assertThat(first.mismatch(second)).as("%s", item).isEqualTo(-1);
            }
        }
    }

    /** In whatever order the files come, and though each run ends in the middle. */
    @Test
    void expertsWaitForThoseOfTheirLayer() throws IOException {
        Path source = Fixtures.golden("qwen3moe-bf16-sharded");
        Path unfinished = folder.resolve("store/key/q4.partial");
        boolean waited = false;
        for (Path shard : shards(source).reversed()) {
            try (ShardPacker packer = packer(source)) {
                packer.add(source, shard);
            }
            waited |= Files.isDirectory(unfinished.resolve("experts")) && files(unfinished.resolve("experts")) > 0;
            try (ShardPacker packer = packer(source)) {
                packer.add(source, shard); // as after an end before the file was noted
            }
        }
        assertThat(waited).as("some experts came without others of their layer").isTrue();
        assertThat(files(unfinished.resolve("experts"))).isZero();
        Path packed;
        try (ShardPacker packer = packer(source)) {
            packed = packer.finish(source).folder();
        }
        assertThat(packed.resolve("experts")).doesNotExist();
        assertThat(PackedModel.in(packed).weightBytes()).isPositive();
    }

    private static long files(Path place) throws IOException {
        try (var files = Files.list(place)) {
            return files.count();
        }
    }

    @Test
    void expertsOfAnotherModelAreForgotten() throws IOException {
        Path source = Fixtures.golden("qwen3moe-bf16-sharded");
        Path experts = Files.createDirectories(folder.resolve("store/key/q4.partial/experts"));
        Files.writeString(experts.resolve("GATE-1-0"), "of another model");
        try (ShardPacker packer = packer(source)) {
            assertThat(packer.isDone()).isFalse();
        }
        assertThat(experts).doesNotExist();
    }

    @Test
    void expertsThatAreInNoFileAreMissed() throws IOException {
        Path source = Fixtures.golden("qwen3moe-bf16-sharded");
        try (ShardPacker packer = packer(source)) {
            packer.add(source, shards(source).get(0));
            packer.add(source, shards(source).get(2));
            assertThatThrownBy(() -> packer.finish(source))
                    .hasMessageMatching("No file of m holds .*; its repository is incomplete or of another family");
        }
    }

    @Test
    void aFileThatIsMissingIsNoticedByItsTensors() throws IOException {
        Path source = Fixtures.golden("opt-f32-sharded");
        try (ShardPacker packer = packer(source)) {
            packer.add(source, shards(source).getFirst());
            assertThatThrownBy(() -> packer.finish(source))
                    .hasMessageMatching("No file of m holds .*; its repository is incomplete or of another family");
        }
    }
}
