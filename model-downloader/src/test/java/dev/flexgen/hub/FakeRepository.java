package dev.flexgen.hub;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A model on a fake hub: commits by branch, files by commit. Tests set it up before the hub serves it. */
public final class FakeRepository {

    private final String id;
    private final Map<String, String> branches = new LinkedHashMap<>();
    private final Map<String, Map<String, FakeFile>> commits = new LinkedHashMap<>();
    private String token = "";
    private boolean gated;

    /** A file of a commit. */
    record FakeFile(String path, FakeContent content, boolean lfs, String blobId) {}

    FakeRepository(String id) {
        this.id = id;
    }

    /** Makes the branch point to a new commit with nothing in it, to which {@link #file} adds. */
    public FakeRepository commit(String branch) {
        String commit = FakeContent.of((id + branch + commits.size()).getBytes(StandardCharsets.UTF_8))
                .hash(false);
        branches.put(branch, commit);
        commits.put(commit, new TreeMap<>());
        return this;
    }

    /** Adds a small file to the newest commit. */
    public FakeRepository file(String path, String content) {
        return add(path, FakeContent.of(content.getBytes(StandardCharsets.UTF_8)), false);
    }

    /** Adds a big file, which the hub keeps elsewhere, to the newest commit. */
    public FakeRepository bigFile(String path, FakeContent content) {
        return add(path, content, true);
    }

    FakeRepository add(String path, FakeContent content, boolean lfs) {
        String newest = commits.keySet().stream().reduce((_, last) -> last).orElseThrow();
        files(newest).put(path, new FakeFile(path, content, lfs, content.hash(lfs)));
        return this;
    }

    /** Shows it to those with this token only. */
    public FakeRepository needsToken(String token) {
        this.token = token;
        return this;
    }

    /** Has its terms; nobody has accepted them. */
    public FakeRepository gated() {
        this.gated = true;
        return this;
    }

    boolean isGated() {
        return gated;
    }

    boolean isHiddenFrom(String authorization) {
        return !token.isEmpty() && !authorization.equals("Bearer " + token);
    }

    String commitOf(String revision) {
        return commits.containsKey(revision) ? revision : branches.getOrDefault(revision, "");
    }

    Map<String, FakeFile> files(String commit) {
        return commits.getOrDefault(commit, new TreeMap<>());
    }

    Stream<FakeFile> everything() {
        return commits.values().stream().flatMap(files -> files.values().stream());
    }
}
