package dev.flexgen.hub;

import dev.flexgen.config.AppDirs;
import dev.flexgen.config.Environment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The folder in which Hugging Face's tools keep what they download, without a network:
 *
 * <pre>
 * models--facebook--opt-125m/refs/main            the commit that the branch points to
 * models--facebook--opt-125m/snapshots/COMMIT/    its files, most of them links into ../../blobs
 * </pre>
 *
 * Files are read by following links, wherever these lead, since other tools arrange the blobs in ways of their own.
 */
public final class HubCache {

    private static final String MODEL_PREFIX = "models--";
    private static final String SNAPSHOTS = "snapshots";
    private static final String REFS = "refs";

    /** A commit and some white space; anything longer is no reference. */
    private static final int MOST_REF_BYTES = 256;

    private final Path root;
    private final VerifiedBlobs verified;

    /** The folder that {@code HF_HUB_CACHE}, {@code HUGGINGFACE_HUB_CACHE}, {@code HF_HOME} or {@code XDG_CACHE_HOME} set. */
    public HubCache(Environment environment) {
        this.root = environment
                .variable("HF_HUB_CACHE")
                .or(() -> environment.variable("HUGGINGFACE_HUB_CACHE"))
                .map(environment::expandedPath)
                .orElseGet(() -> home(environment).resolve("hub"));
        this.verified = new VerifiedBlobs(AppDirs.of(environment).state().resolve("verified-blobs"));
    }

    /** What this user has seen of the files in here, and in other stores. */
    VerifiedBlobs verified() {
        return verified;
    }

    static Path home(Environment environment) {
        // A relative value counts from the working directory, against the XDG rule, because that is where Python looks.
        return environment
                .variable("HF_HOME")
                .map(environment::expandedPath)
                .orElseGet(() -> environment
                        .expandedPath(environment.variable("XDG_CACHE_HOME").orElse("~/.cache"))
                        .resolve("huggingface"));
    }

    /** Absolute; need not exist. */
    public Path root() {
        return root;
    }

    /**
     * The folder with the files of a model at a revision, empty if it is not here.
     *
     * @throws HubException if one of the two is nothing that the hub could have
     */
    public Optional<Path> find(String hubId, String revision) {
        return find(new HubRef(hubId, revision));
    }

    Optional<Path> find(HubRef ref) {
        return commitOf(ref)
                .map(repository(ref).resolve(SNAPSHOTS)::resolve)
                .filter(snapshot -> isSafe(ref, snapshot))
                .filter(WholeSnapshot::is);
    }

    /** Whether it is a folder of the store itself, and not a link that somebody has put there. */
    private boolean isSafe(HubRef ref, Path snapshot) {
        return SharedStore.isFolder(snapshot)
                && SharedStore.isFolder(repository(ref).resolve(SNAPSHOTS));
    }

    private Optional<String> commitOf(HubRef ref) {
        return HubRef.isCommit(ref.revision())
                ? Optional.of(ref.revision())
                : commit(repository(ref).resolve(REFS).resolve(ref.revision()));
    }

    /** The folder of a model, all revisions of it. */
    Path repository(HubRef ref) {
        return root.resolve(ref.folderName());
    }

    /** Every model here that has a config.json, by id, its main revision first. */
    public List<LocalModel> list() {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        List<LocalModel> models = new ArrayList<>();
        for (Path repository : children(root)) {
            String name = repository.getFileName().toString();
            String id = name.startsWith(MODEL_PREFIX)
                    ? name.substring(MODEL_PREFIX.length()).replace("--", "/")
                    : "";
            if (HubRef.isId(id) && SharedStore.isFolder(repository.resolve(SNAPSHOTS))) {
                models.addAll(snapshots(id, repository));
            }
        }
        models.sort(Comparator.comparing(LocalModel::hubId)
                .thenComparing(model -> !model.revision().equals(HubRef.MAIN))
                .thenComparing(LocalModel::revision));
        return List.copyOf(models);
    }

    private static List<LocalModel> snapshots(String id, Path repository) {
        Map<String, String> revisions = revisions(repository.resolve(REFS));
        List<LocalModel> models = new ArrayList<>();
        for (Path folder : children(repository.resolve(SNAPSHOTS))) {
            String commit = folder.getFileName().toString();
            if (HubRef.isCommit(commit)
                    && SharedStore.isFolder(folder)
                    && Files.isRegularFile(folder.resolve("config.json"))
                    && WholeSnapshot.is(folder)) {
                models.add(new LocalModel(id, revisions.getOrDefault(commit, commit), commit, folder, bytes(folder)));
            }
        }
        return models;
    }

    /** Commit to the name to show for it: main if that points there, else the first by name. */
    private static Map<String, String> revisions(Path refs) {
        Map<String, String> revisions = new TreeMap<>();
        for (Path file : files(refs)) {
            String revision = refs.relativize(file).toString();
            commit(file)
                    .ifPresent(commit ->
                            revisions.merge(commit, revision, (one, other) -> other.equals(HubRef.MAIN) ? other : one));
        }
        return revisions;
    }

    private static Optional<String> commit(Path ref) {
        try {
            return SharedStore.read(ref, MOST_REF_BYTES).map(String::strip).filter(HubRef::isCommit);
        } catch (IOException e) {
            throw unreadable(ref, e);
        }
    }

    /**
     * What removing a model at a revision would delete: nothing that another revision uses.
     *
     * @throws HubException if it is not here
     */
    public RemovalPlan removal(HubRef ref) {
        Path repository = repository(ref);
        Optional<String> commit = commitOf(ref);
        if (commit.isPresent()) {
            SharedStore.requireFolders(repository, repository.resolve(SNAPSHOTS).resolve(commit.get()));
        }
        if (commit.isEmpty()
                || !SharedStore.isFolder(repository.resolve(SNAPSHOTS).resolve(commit.get()))) {
            throw new HubException(ref + " is not in the model store " + root + ": flexgen-chat models lists what is.");
        }
        try {
            return new StoreRemoval(root, repository).plan(ref, commit.get());
        } catch (IOException | UncheckedIOException e) {
            throw unreadable(repository, e);
        }
    }

    /**
     * Deletes what {@link #removal} found, less what another revision has come to use since, and returns the bytes that this freed.
     *
     * @throws HubException of kind STORE if something cannot be deleted, or somebody is fetching the model
     */
    public long remove(RemovalPlan plan) {
        Path repository = repository(plan.ref());
        Path lockFile = new ModelFolder(this, plan.ref(), true).lockFile();
        try {
            Files.createDirectories(lockFile.getParent());
            try (PullLock lock = PullLock.tryOpen(lockFile)) {
                if (lock == null) {
                    throw new HubException(
                            HubException.Kind.STORE,
                            plan.ref()
                                    + " cannot be removed while another program is fetching it: end that one first.");
                }
                StoreRemoval removal = new StoreRemoval(root, repository);
                return removal.remove(removal.plan(plan.ref(), plan.commit()));
            }
        } catch (IOException | UncheckedIOException e) {
            throw new HubException(
                    HubException.Kind.STORE,
                    repository + " cannot be removed: check the permissions of the model store " + root + ".",
                    e);
        }
    }

    private static long bytes(Path folder) {
        long bytes = 0;
        for (Path file : files(folder)) {
            try {
                bytes += Files.size(file);
            } catch (IOException e) {
                throw unreadable(file, e);
            }
        }
        return bytes;
    }

    /** The regular files below a folder, links followed, by name; none if there is no folder. */
    private static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        // Links are followed one by one, not by the walk, which would fail on one that leads nowhere or into a circle.
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw unreadable(folder, e);
        }
    }

    private static List<Path> children(Path folder) {
        try (Stream<Path> list = Files.list(folder)) {
            return list.sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw unreadable(folder, e);
        }
    }

    private static HubException unreadable(Path path, Exception cause) {
        return new HubException(path + " in the model store cannot be read: check its permissions.", cause);
    }
}
