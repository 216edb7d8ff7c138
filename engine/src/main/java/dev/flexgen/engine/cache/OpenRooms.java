package dev.flexgen.engine.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The two open pages of a sequence whose full pages are sealed: of the block that holds its end, and of the one before or
 * after. Two, so that the block before is still there to be written again when tokens are taken back. Owned by the thread that
 * runs the engine.
 */
final class OpenRooms {

    static final int COUNT = 2;
    private static final int NONE = -1;

    private final KvLayout layout;
    private final @Nullable PageSet[] rooms = new PageSet[COUNT];
    private final int[] blocks = {NONE, NONE};

    /** @param kept rooms that are taken now */
    OpenRooms(KvLayout layout, int kept) {
        this.layout = layout;
        if (kept > 0) {
            PageChunk chunk = new PageChunk(layout, PageForm.OPEN, kept);
            for (int i = 0; i < kept; i++) {
                rooms[i] = chunk.sets().get(i);
            }
        }
    }

    /** Whether it holds what was written to a block. */
    boolean holds(int block) {
        return blocks[0] == block || blocks[1] == block;
    }

    PageSet of(int block) {
        PageSet room = rooms[blocks[0] == block ? 0 : 1];
        if (room == null || !holds(block)) {
            throw new IllegalStateException("block " + block + " is not open");
        }
        return room;
    }

    /** Forgets blocks from {@code block} on. */
    void forgetFrom(int block) {
        for (int i = 0; i < COUNT; i++) {
            if (blocks[i] >= block) {
                blocks[i] = NONE;
            }
        }
    }

    /** Gives {@code block} a room: the one that it has, or one that does not hold {@code needed}, a block or -1. */
    void open(int block, int needed) {
        if (holds(block)) {
            return;
        }
        int room = blocks[1] < blocks[0] ? 1 : 0;
        if (needed != NONE && blocks[room] == needed) {
            room = 1 - room;
        }
        if (rooms[room] == null) {
            rooms[room] = PageChunk.one(layout, PageForm.OPEN);
        }
        blocks[room] = block;
    }

    /** Rooms of their own with the same contents. */
    OpenRooms copy() {
        OpenRooms copy = new OpenRooms(layout, 0);
        try {
            for (int i = 0; i < COUNT; i++) {
                PageSet room = rooms[i];
                if (room != null && blocks[i] != NONE) {
                    copy.rooms[i] = room.copy(layout, PageForm.OPEN);
                    copy.blocks[i] = blocks[i];
                }
            }
            return copy;
        } catch (Throwable e) {
            copy.release();
            throw e;
        }
    }

    void release() {
        for (PageSet room : rooms) {
            if (room != null) {
                room.release();
            }
        }
        Arrays.fill(rooms, null);
        Arrays.fill(blocks, NONE);
    }
}
