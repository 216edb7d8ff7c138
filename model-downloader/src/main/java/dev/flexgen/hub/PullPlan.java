package dev.flexgen.hub;

import java.util.List;

/**
 * What a pull would fetch.
 *
 * @param commit that the revision points to
 * @param files that are needed, those that are here included
 * @param totalBytes of all files
 * @param presentBytes of them that are here already, whole files and finished parts
 * @param freeBytes left where the store is
 */
public record PullPlan(
        HubRef ref, String commit, List<RemoteFile> files, long totalBytes, long presentBytes, long freeBytes) {

    public PullPlan {
        files = List.copyOf(files);
    }

    /** What is left to fetch. */
    public long missingBytes() {
        return totalBytes - presentBytes;
    }
}
