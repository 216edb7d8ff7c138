package dev.flexgen.hub;

/**
 * A file of a model as the hub describes it.
 *
 * @param path below the repository, with slashes
 * @param blobId what its content must hash to, and its name in the store: SHA-256 if {@code lfs}, else git's SHA-1 of a blob
 * @param lfs whether it is kept outside the git repository, as big files are
 */
public record RemoteFile(String path, long bytes, String blobId, boolean lfs) {}
