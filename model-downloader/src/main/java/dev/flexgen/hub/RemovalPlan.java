package dev.flexgen.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * What removing a model at a revision would delete.
 *
 * @param commit that the revision meant
 * @param snapshots folders with the files of the revision
 * @param refs names that point to it
 * @param blobs files that no other revision uses, partial ones included when no other revision is left
 * @param freedBytes of everything that goes; what other revisions use counts nothing
 */
public record RemovalPlan(
        HubRef ref, String commit, List<Path> snapshots, List<Path> refs, List<Path> blobs, long freedBytes) {

    public RemovalPlan {
        snapshots = List.copyOf(snapshots);
        refs = List.copyOf(refs);
        blobs = List.copyOf(blobs);
    }
}
