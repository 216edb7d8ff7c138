package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.StreamRole;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Keys and values of one block in one layer, as a file has them: the keys of all heads and then their values, whichever devices
 * hold them. Both forms of a page keep heads behind each other, so a plan only decides how a record is cut.
 */
final class KvRecord {

    private KvRecord() {}

    static long bytes(KvLayout layout, PageForm form, int layer) {
        return layout.layers().get(layer).stream()
                .mapToLong(slot -> layout.keyBytes(form, slot) + layout.valueBytes(form, slot))
                .sum();
    }

    /** Copies a record from the devices to {@code host}, and waits for it. */
    static void read(KvLayout layout, PageForm form, PageSet pages, int layer, MemorySegment host) {
        copy(
                layout,
                form,
                pages,
                layer,
                host,
                (device, memory, part) -> device.stream(StreamRole.COMPUTE).download(memory, part));
    }

    /** Copies a record from {@code host} to the devices, and waits for it. */
    static void write(KvLayout layout, PageForm form, PageSet pages, int layer, MemorySegment host) {
        copy(
                layout,
                form,
                pages,
                layer,
                host,
                (device, memory, part) -> device.stream(StreamRole.COMPUTE).upload(part, memory));
    }

    /** Moves a part of a record. */
    @FunctionalInterface
    private interface Move {
        void between(Device device, MemorySegment memory, MemorySegment host);
    }

    private static void copy(KvLayout layout, PageForm form, PageSet pages, int layer, MemorySegment host, Move move) {
        Set<Device> devices = new LinkedHashSet<>();
        long keysAt = 0;
        long valuesAt = layout.layers().get(layer).stream()
                .mapToLong(slot -> layout.keyBytes(form, slot))
                .sum();
        for (int i = 0; i < layout.layers().get(layer).size(); i++) {
            KvLayout.Slot slot = layout.layers().get(layer).get(i);
            long keyBytes = layout.keyBytes(form, slot);
            long valueBytes = layout.valueBytes(form, slot);
            move.between(slot.device(), pages.keys(layout, layer, i), host.asSlice(keysAt, keyBytes));
            move.between(slot.device(), pages.values(layout, layer, i), host.asSlice(valuesAt, valueBytes));
            keysAt += keyBytes;
            valuesAt += valueBytes;
            devices.add(slot.device());
        }
        devices.forEach(device -> device.stream(StreamRole.COMPUTE).join());
    }

    /** Forgets what an open record has at positions from {@code count} on: tokens that were taken back. */
    static void blank(KvLayout layout, MemorySegment record, int count) {
        long row = layout.encoding().open().bytes(1, layout.headDim());
        long head = row * KvPage.TOKENS;
        for (long at = 0; at < record.byteSize(); at += head) {
            record.asSlice(at + count * row, head - count * row).fill((byte) 0);
        }
    }
}
