package dev.flexgen.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;

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

    /** Whether the file is here as a whole, as a blob or, where there are no links, in the snapshot. */
    boolean has(RemoteFile file, String commit) throws IOException {
        Path inSnapshot = snapshot(commit).resolve(file.path());
        return hasSize(blob(file), file.bytes())
                || (Files.isRegularFile(inSnapshot, LinkOption.NOFOLLOW_LINKS) && hasSize(inSnapshot, file.bytes()));
    }

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
        Files.createDirectories(snapshot);
        List<RemoteFile> configLast = plan.files().stream()
                .sorted(Comparator.comparing(file -> file.path().equals(NeededFiles.CONFIG)))
                .toList();
        for (RemoteFile file : configLast) {
            Path target = snapshot.resolve(file.path());
            Files.createDirectories(target.getParent());
            if (links) {
                link(target, blob(file));
            } else if (!hasSize(target, file.bytes())) {
                place(target, file, plan);
            }
        }
        DurableFiles.forceFolder(snapshot);
        String revision = plan.ref().revision();
        if (!HubRef.isCommit(revision)) {
            refer(repository.resolve("refs").resolve(revision), plan.commit());
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
        Path folder = target.getParent() == null ? target : target.getParent();
        Path to = folder.relativize(blob);
        if (Files.isSymbolicLink(target) && Files.readSymbolicLink(target).equals(to)) {
            return;
        }
        Path fresh = target.resolveSibling("." + target.getFileName() + ".flexgen.new");
        Files.deleteIfExists(fresh);
        Files.createSymbolicLink(fresh, to);
        DurableFiles.move(fresh, target);
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
        if (Files.isRegularFile(ref) && Files.readString(ref).equals(commit)) {
            return;
        }
        Files.createDirectories(ref.getParent());
        DurableFiles.write(ref, commit);
    }
}
