package dev.flexgen.hub;

import java.nio.file.Path;

/**
 * A model in the store on this machine.
 *
 * @param revision a branch or tag that points to it, {@code main} if that does; the commit if none does
 * @param commit of the hub's repository, 40 hexadecimal digits
 * @param folder holds its files
 * @param bytes of all its files
 */
public record LocalModel(String hubId, String revision, String commit, Path folder, long bytes) {}
