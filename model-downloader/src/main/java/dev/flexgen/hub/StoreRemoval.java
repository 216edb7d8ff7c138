package dev.flexgen.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Deletes one revision of a model from the store and leaves whole what other revisions use. */
final class StoreRemoval {

    private final Path root;
    private final Path repository;

    /** @param repository the model's folder in the store {@code root} */
    StoreRemoval(Path root, Path repository) {
        this.root = root;
        this.repository = repository;
    }

    /** What would go with a commit; empty lists if it is not here. */
    RemovalPlan plan(HubRef ref, String commit) throws IOException {
        SharedStore.requireOwnLink(root, repository);
        for (String folder : List.of("blobs", "refs", "snapshots/" + commit)) {
            SharedStore.requireFolders(repository, repository.resolve(folder).resolve("any"));
        }
        Path snapshots = repository.resolve("snapshots");
        Path snapshot = snapshots.resolve(commit);
        List<Path> others = children(snapshots).stream()
                .filter(folder -> !folder.equals(snapshot))
                .toList();
        Set<Path> used = new LinkedHashSet<>();
        for (Path other : others) {
            used.addAll(targets(other));
        }
        Set<Path> blobs = new LinkedHashSet<>(targets(snapshot));
        blobs.removeAll(used);
        if (others.isEmpty()) {
            // With the last revision nothing can need a blob any more, half a file least of all.
            blobs.addAll(files(repository.resolve("blobs")));
        }
        long bytes = 0;
        for (Path blob : blobs) {
            bytes += ownBytes(blob);
        }
        for (Path file : files(snapshot)) {
            bytes += ownBytes(file);
        }
        return new RemovalPlan(
                ref,
                commit,
                Files.isDirectory(snapshot, LinkOption.NOFOLLOW_LINKS) ? List.of(snapshot) : List.of(),
                refs(commit),
                List.copyOf(blobs),
                bytes);
    }

    /** Names first, so that an interruption leaves nothing that looks whole. */
    long remove(RemovalPlan plan) throws IOException {
        for (Path ref : plan.refs()) {
            Files.deleteIfExists(ref);
        }
        for (Path snapshot : plan.snapshots()) {
            Files.deleteIfExists(snapshot.resolve("config.json"));
            deleteTree(snapshot);
        }
        for (Path blob : plan.blobs()) {
            Files.deleteIfExists(blob);
        }
        if (children(repository.resolve("snapshots")).isEmpty()) {
            deleteTree(repository);
        }
        return plan.freedBytes();
    }

    private List<Path> refs(String commit) throws IOException {
        List<Path> refs = new ArrayList<>();
        for (Path ref : files(repository.resolve("refs"))) {
            if (SharedStore.read(ref, 256).map(String::strip).equals(Optional.of(commit))) {
                refs.add(ref);
            }
        }
        return refs;
    }

    /** The blobs of this model's folder that a snapshot's links lead to. Blobs elsewhere belong to other tools. */
    private Set<Path> targets(Path snapshot) throws IOException {
        Path blobs = repository.resolve("blobs");
        Set<Path> targets = new LinkedHashSet<>();
        for (Path file : files(snapshot)) {
            if (Files.isSymbolicLink(file)) {
                Path parent = file.getParent() == null ? file : file.getParent();
                Path target = parent.resolve(Files.readSymbolicLink(file)).normalize();
                if (blobs.equals(target.getParent()) && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                    targets.add(target);
                }
            }
        }
        return targets;
    }

    /** A link frees nothing: what it leads to may be shared. */
    private static long ownBytes(Path file) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }

    private static List<Path> children(Path folder) throws IOException {
        if (!SharedStore.isFolder(folder)) {
            return List.of();
        }
        try (Stream<Path> list = Files.list(folder)) {
            return list.sorted().toList();
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
