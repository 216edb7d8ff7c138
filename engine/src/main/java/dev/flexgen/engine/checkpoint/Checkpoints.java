package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.FileCheckpoint.Contents;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Opens the weights of a model folder as Hugging Face publishes them: {@code model.safetensors} or
 * {@code pytorch_model.bin}, each in one file or as shards listed by an index; or as FlexGen keeps them, in one numpy file
 * for each tensor. Opening reads headers only and maps the rest.
 */
public final class Checkpoints {

    private Checkpoints() {}

    /**
     * The checkpoint in {@code folder}; the caller closes it. Links are followed, as the Hugging Face cache needs it. The
     * files must not shrink while the checkpoint is open.
     *
     * @throws EngineException of kind {@code MODEL} if there are no weights, or they are damaged, incomplete or unsafe;
     *     nothing stays open then
     */
    public static Checkpoint open(Path folder) {
        if (!Files.isDirectory(folder)) {
            String problem = Files.exists(folder) ? " is not a folder" : " does not exist";
            throw EngineException.model(folder + problem + "; give the folder that holds the model's files");
        }
        // Shared, because any thread may read a tensor; it alone owns the mappings and the copies of strided tensors.
        Arena arena = Arena.ofShared();
        try {
            return new FileCheckpoint(folder, arena, find(folder, arena));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    /**
     * One file of a sharded checkpoint by itself.
     *
     * @throws EngineException as {@link #open} does
     */
    public static Checkpoint openFile(Path file) {
        Arena arena = Arena.ofShared();
        try {
            String name = file.getFileName().toString();
            WeightFormat format = name.endsWith(".safetensors") ? WeightFormat.SAFETENSORS : WeightFormat.TORCH;
            return new FileCheckpoint(file, arena, new Contents(format.read(MappedFile.open(file, arena)), Map.of()));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    /** The names of tensors that the index in a folder lists, and the files that hold them; none without an index. */
    public static Map<String, Path> indexed(Path folder) {
        for (WeightFormat format : WeightFormat.values()) {
            Path index = folder.resolve(format.indexName());
            if (present(index)) {
                return ShardIndex.read(index);
            }
        }
        return Map.of();
    }

    private static Contents find(Path folder, Arena arena) {
        List<String> lookedFor = new ArrayList<>();
        for (WeightFormat format : WeightFormat.values()) {
            Path single = folder.resolve(format.fileName());
            if (present(single)) {
                return new Contents(format.read(MappedFile.open(single, arena)), Map.of());
            }
            Path index = folder.resolve(format.indexName());
            if (present(index)) {
                return shards(format, index, arena);
            }
            lookedFor.add(format.fileName());
            lookedFor.add(format.indexName());
        }
        Map<String, StoredTensor> numpy = NumpyFolder.read(folder, arena);
        if (numpy.isEmpty()) {
            throw EngineException.model("no weights in " + folder + ": it has none of " + String.join(", ", lookedFor)
                    + " and no numpy files NAME.weight; download the model again or give another folder");
        }
        return new Contents(numpy, Map.of());
    }

    /** Whether {@code folder} holds numpy files named like tensors: such folders need no {@code config.json}. */
    public static boolean hasNumpyFiles(Path folder) {
        return Files.isDirectory(folder) && NumpyFolder.present(folder);
    }

    /** A dangling link counts: it is what an interrupted download leaves in the hub cache, and opening it says so. */
    private static boolean present(Path file) {
        return Files.exists(file) || Files.isSymbolicLink(file);
    }

    /** An index need not be right about every name: tools that drop one of two tied tensors may leave it in there. */
    private static Contents shards(WeightFormat format, Path index, Arena arena) {
        Map<Path, Map<String, StoredTensor>> opened = new LinkedHashMap<>();
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        Map<String, Path> listedOnly = new LinkedHashMap<>();
        ShardIndex.read(index).forEach((name, shard) -> {
            if (!present(shard)) {
                throw EngineException.model(shard + " is missing, although " + index.getFileName()
                        + " lists it; the download is incomplete, download the model again");
            }
            StoredTensor tensor = opened.computeIfAbsent(shard, file -> format.read(MappedFile.open(file, arena)))
                    .get(name);
            if (tensor == null) {
                listedOnly.put(name, shard);
            } else {
                tensors.put(name, tensor);
            }
        });
        opened.values().forEach(held -> held.forEach(tensors::putIfAbsent));
        listedOnly.keySet().removeAll(tensors.keySet());
        return new Contents(tensors, listedOnly);
    }
}
