package dev.flexgen.engine.cache;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.engine.base.KvFileFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * What a file of keys and values begins with. First come 24 bytes that every version has: a mark, the version, how long the
 * description and the list of ids are, and a checksum of that. Then the description as JSON, the ids of the tokens, and a
 * checksum of both. All numbers are little-endian.
 *
 * @param key says of which weights, in which encodings
 * @param sealedBlocks how many blocks are in sealed form; the others follow in open form
 * @param secondsPerToken what reading a token anew took on {@code computer}; 0 if unknown
 * @param computer the devices that computed, for people and to know whether the time counts
 * @param ids of the tokens, one behind the other
 */
record KvFileHeader(String key, int sealedBlocks, double secondsPerToken, String computer, int[] ids) {

    static final int VERSION = 1;

    private static final long MARK = ByteBuffer.wrap("FLEXGEN\n".getBytes(StandardCharsets.US_ASCII))
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong();
    private static final int FIXED = 24;
    private static final int MOST_DESCRIPTION = 1 << 16;
    private static final int SUM_BYTES = 4;

    int tokens() {
        return ids.length;
    }

    int blocks() {
        return KvBlocks.pagesFor(ids.length);
    }

    /** The bytes that come before the first record. */
    ByteBuffer bytes() {
        JsonObject json = new JsonObject();
        json.addProperty("key", key);
        json.addProperty("sealed_blocks", sealedBlocks);
        json.addProperty("seconds_per_token", secondsPerToken);
        json.addProperty("computer", computer);
        byte[] description = json.toString().getBytes(StandardCharsets.UTF_8);
        int length = FIXED + description.length + 4 * ids.length + SUM_BYTES;
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(MARK).putInt(VERSION).putInt(description.length).putInt(ids.length);
        bytes.putInt(sum(bytes, 0, FIXED - SUM_BYTES)).put(description);
        for (int id : ids) {
            bytes.putInt(id);
        }
        bytes.putInt(sum(bytes, FIXED, length - SUM_BYTES));
        return bytes.flip();
    }

    /**
     * Reads it.
     *
     * @param mostTokens more are none of ours
     */
    static KvFileHeader read(FileChannel channel, int mostTokens) throws IOException, KvFileException {
        ByteBuffer fixed = take(channel, 0, FIXED);
        if (fixed.remaining() < FIXED || fixed.getLong() != MARK) {
            throw new KvFileException(KvFileFault.FOREIGN, "it does not begin as such a file does");
        }
        int version = fixed.getInt();
        int description = fixed.getInt();
        int tokens = fixed.getInt();
        require(fixed.getInt() == sum(fixed, 0, FIXED - SUM_BYTES), "its first bytes are damaged");
        if (version != VERSION) {
            throw new KvFileException(
                    KvFileFault.NEWER, "it has format " + version + ", and this version knows " + VERSION);
        }
        require(
                description >= 0 && description <= MOST_DESCRIPTION && tokens >= 0 && tokens <= mostTokens,
                "it would hold " + tokens + " tokens");
        int length = description + 4 * tokens + SUM_BYTES;
        ByteBuffer rest = take(channel, FIXED, length);
        require(rest.remaining() == length, "it ends in the list of tokens");
        require(rest.getInt(length - SUM_BYTES) == sum(rest, 0, length - SUM_BYTES), "its list of tokens is damaged");
        int[] ids = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            ids[i] = rest.getInt(description + 4 * i);
        }
        KvFileHeader header = described(
                StandardCharsets.UTF_8.decode(rest.slice(0, description)).toString(), ids);
        require(
                header.sealedBlocks >= 0 && header.sealedBlocks <= header.blocks(),
                "it would have " + header.sealedBlocks + " sealed blocks");
        return header;
    }

    private static KvFileHeader described(String description, int[] ids) throws KvFileException {
        try {
            JsonObject json = JsonParser.parseString(description).getAsJsonObject();
            return new KvFileHeader(
                    json.get("key").getAsString(),
                    json.get("sealed_blocks").getAsInt(),
                    json.get("seconds_per_token").getAsDouble(),
                    json.get("computer").getAsString(),
                    ids);
        } catch (RuntimeException e) { // whatever the JSON is, it is not ours
            throw new KvFileException(KvFileFault.DAMAGED, "its description makes no sense");
        }
    }

    private static void require(boolean whole, String otherwise) throws KvFileException {
        if (!whole) {
            throw new KvFileException(KvFileFault.DAMAGED, otherwise);
        }
    }

    /** As many bytes as there are, up to {@code count}. */
    private static ByteBuffer take(FileChannel channel, long at, int count) throws IOException {
        int there = Math.clamp(channel.size() - at, 0, count);
        ByteBuffer bytes = ByteBuffer.allocate(there).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
            // goes on
        }
        return bytes.flip();
    }

    private static int sum(ByteBuffer bytes, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(from, to - from));
        return (int) crc.getValue();
    }
}
