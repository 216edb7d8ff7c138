package dev.flexgen.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One model's folder in the store, for writing: blobs by hash, then a snapshot of links to them, then the reference. In this order,
 * config.json last of the links, so that whatever is cut short in between is not taken for a model.
 */
final class ModelFolder {

    private final Path root;
    private final Path repository;
    private final boolean mayLink;

    /** @param mayLink false if links must not be tried */
    ModelFolder(HubCache store, HubRef ref, boolean mayLink) {
        this.root = store.root();
        this.repository = store.repository(ref);
        this.mayLink = mayLink;
    }

    Path root() {
        return root;
    }

    void create() throws IOException {
        for (String folder : List.of("blobs", "refs", "snapshots")) {
            SharedStore.requireFolders(repository, repository.resolve(folder).resolve("any"));
        }
        SharedStore.requireFolders(root, lockFile());
        SharedStore.requireOwnLink(root, repository);
        Files.createDirectories(repository.resolve("blobs"));
        Files.createDirectories(lockFile().getParent());
    }

    /** Where programs of this kind agree on who may write; other tools ignore it. */
    Path lockFile() {
        return root.resolve(".locks").resolve(repository.getFileName()).resolve("flexgen-pull.lock");
    }

    Path blob(RemoteFile file) {
        return repository.resolve("blobs").resolve(file.blobId());
    }

    /** The name of a blob that is not finished; it must be none that other tools would continue. */
    Path partial(RemoteFile file) {
        return repository.resolve("blobs").resolve(file.blobId() + ".flexgen.incomplete");
    }

    Path snapshot(String commit) {
        return repository.resolve("snapshots").resolve(commit);
    }

    /** Whether a file of that size is here, as a blob or, where there are no links, in the snapshot. */
    boolean has(RemoteFile file, String commit) throws IOException {
        return place(file, commit).isPresent();
    }

    /** Where a file of that size is; what is in it is another question. */
    Optional<Path> place(RemoteFile file, String commit) throws IOException {
        Path inSnapshot = snapshot(commit).resolve(file.path());
        if (hasSize(blob(file), file.bytes())) {
            return Optional.of(blob(file));
        }
        return SharedStore.isFile(inSnapshot) && hasSize(inSnapshot, file.bytes())
                ? Optional.of(inSnapshot)
                : Optional.empty();
    }

    /** Whether nothing is left to do for a plan whose files are all here: links and reference are as they should be. */
    boolean isPublished(PullPlan plan) throws IOException {
        Path snapshot = snapshot(plan.commit());
        SharedStore.requireFolders(repository, snapshot.resolve(NeededFiles.CONFIG));
        for (RemoteFile file : plan.files()) {
            Path target = snapshot.resolve(file.path());
            boolean linked = Files.isSymbolicLink(target)
                    && Files.readSymbolicLink(target).equals(toBlob(target, blob(file)));
            if (!linked && !(SharedStore.isFile(target) && hasSize(target, file.bytes()))) {
                return false;
            }
        }
        String revision = plan.ref().revision();
        return HubRef.isCommit(revision)
                || SharedStore.read(
                                repository.resolve("refs").resolve(revision),
                                plan.commit().length())
                        .equals(Optional.of(plan.commit()));
    }

    /** A blob may be a link to where several models share it, a file's last name may not. */
    private static boolean hasSize(Path file, long bytes) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) == bytes;
    }

    /** The bytes of a file that are here, of a partial one those that its record vouches for. */
    long presentBytes(RemoteFile file, String commit) throws IOException {
        return has(file, commit) ? file.bytes() : PartialFile.finishedBytes(file, partial(file));
    }

    /** Makes the snapshot of files whose blobs are all here, and has the revision point to it. */
    Path publish(PullPlan plan) throws IOException {
        boolean links = mayLink && canLink();
        Path snapshot = snapshot(plan.commit());
        SharedStore.requireFolders(repository, snapshot.resolve(NeededFiles.CONFIG));
        Files.createDirectories(snapshot);
        List<RemoteFile> configLast = plan.files().stream()
                .sorted(Comparator.comparing(file -> file.path().equals(NeededFiles.CONFIG)))
                .toList();
        for (RemoteFile file : configLast) {
            Path target = snapshot.resolve(file.path());
            Files.createDirectories(target.getParent());
            if (links) {
                link(target, blob(file));
            } else if (!SharedStore.isFile(target) || !hasSize(target, file.bytes())) {
                place(target, file, plan);
            }
        }
        DurableFiles.forceFolder(snapshot);
        String revision = plan.ref().revision();
        if (!HubRef.isCommit(revision)) {
            Path ref = repository.resolve("refs").resolve(revision);
            SharedStore.requireFolders(repository, ref);
            refer(ref, plan.commit());
        }
        return snapshot;
    }

    private boolean canLink() throws IOException {
        Path probe = repository.resolve(".flexgen.link");
        try {
            Files.deleteIfExists(probe);
            Files.createSymbolicLink(probe, Path.of("blobs"));
            return Files.deleteIfExists(probe);
        } catch (IOException | UnsupportedOperationException noLinks) {
            return false;
        }
    }

    /** Relative, so that the store can be moved. */
    private static void link(Path target, Path blob) throws IOException {
        if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) && !Files.exists(blob)) {
            return; // from a time without links
        }
        Path to = toBlob(target, blob);
        if (Files.isSymbolicLink(target) && Files.readSymbolicLink(target).equals(to)) {
            return;
        }
        Path fresh = target.resolveSibling("." + target.getFileName() + ".flexgen.new");
        Files.deleteIfExists(fresh);
        Files.createSymbolicLink(fresh, to);
        DurableFiles.move(fresh, target);
    }

    private static Path toBlob(Path target, Path blob) {
        Path folder = target.getParent() == null ? target : target.getParent();
        return folder.relativize(blob);
    }

    /** As Python does without links: the blob itself goes into the snapshot, unless another file needs it too. */
    private void place(Path target, RemoteFile file, PullPlan plan) throws IOException {
        List<RemoteFile> sameContent = plan.files().stream()
                .filter(other -> other.blobId().equals(file.blobId()) && !other.equals(file))
                .toList();
        Path blob = blob(file);
        if (sameContent.isEmpty() && !Files.isSymbolicLink(blob)) {
            DurableFiles.move(blob, target);
            return;
        }
        Path fresh = target.resolveSibling("." + target.getFileName() + ".flexgen.new");
        Files.copy(blob, fresh, StandardCopyOption.REPLACE_EXISTING);
        DurableFiles.move(fresh, target);
    }

    private static void refer(Path ref, String commit) throws IOException {
        if (SharedStore.read(ref, commit.length()).equals(Optional.of(commit))) {
            return;
        }
        Files.createDirectories(ref.getParent());
        DurableFiles.write(ref, commit);
    }
}
