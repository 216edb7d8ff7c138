package dev.flexgen.hub;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What the hub calls a content by: its SHA-256 for big files, git's SHA-1 of a blob for the others. */
final class BlobHash {

    private final MessageDigest digest;

    BlobHash(RemoteFile file) {
        try {
            this.digest = MessageDigest.getInstance(file.lfs() ? "SHA-256" : "SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1 and SHA-256", e);
        }
        if (!file.lfs()) {
            digest.update(("blob " + file.bytes() + "\0").getBytes(StandardCharsets.US_ASCII));
        }
    }

    void update(ByteBuffer bytes) {
        digest.update(bytes);
    }

    /** Of everything so far; ends this object's use. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
