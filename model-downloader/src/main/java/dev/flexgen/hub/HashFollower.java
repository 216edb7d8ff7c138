package dev.flexgen.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/**
 * Hashes a file while it is being fetched, close behind the first gap. What it reads is what the file holds, not what the network
 * has brought, so that a fault of the disk shows as well; so close behind, it comes from memory.
 */
final class HashFollower {

    private static final int BUFFER_BYTES = 256 << 10;

    private final RemoteFile remote;
    private final PartialFile file;

    HashFollower(RemoteFile remote, PartialFile file) {
        this.remote = remote;
        this.file = file;
    }

    /** The hash of the whole file; half a hash, which equals nothing, if {@code ended} before. */
    String follow(BooleanSupplier ended) throws IOException, InterruptedException {
        BlobHash hash = new BlobHash(remote);
        ByteBuffer buffer = ByteBuffer.allocate(Math.clamp(remote.bytes(), 1, BUFFER_BYTES));
        long at = 0;
        while (at < remote.bytes()) {
            long available = file.prefix();
            if (at == available) {
                if (ended.getAsBoolean()) {
                    break;
                }
                file.awaitChange();
                continue;
            }
            buffer.clear().limit((int) Math.min(buffer.capacity(), available - at));
            int count = file.read(buffer, at);
            if (count < 0) {
                throw new IOException("a file has become shorter while it was read");
            }
            hash.update(buffer.flip());
            at += count;
        }
        return hash.hex();
    }
}
