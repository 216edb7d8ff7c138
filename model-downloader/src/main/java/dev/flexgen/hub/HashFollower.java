package dev.flexgen.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/** Hashes a file while it is being fetched, close behind the first gap. */
final class HashFollower {

    private final RemoteFile remote;
    private final PartialFile file;

    HashFollower(RemoteFile remote, PartialFile file) {
        this.remote = remote;
        this.file = file;
    }

    /** The hash of the whole file; half a hash, which equals nothing, if {@code ended} before. */
    String follow(BooleanSupplier ended) throws IOException, InterruptedException {
        BlobHash hash = new BlobHash(remote);
        long at = 0;
        while (at < remote.bytes()) {
            boolean over = ended.getAsBoolean(); // asked first: what comes after the answer is seen the next time
            long available = file.prefix();
            if (at == available) {
                if (over) {
                    break;
                }
                file.awaitBytes();
                continue;
            }
            ByteBuffer bytes = file.read(at, available - at);
            at += bytes.remaining();
            hash.update(bytes);
            file.free(bytes);
        }
        return hash.hex();
    }
}
