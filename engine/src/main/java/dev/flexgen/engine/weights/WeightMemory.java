package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Memory for a model's weights, all taken before the first is read: one buffer a GPU, one a block in host memory, offsets in a
 * file for the disk. Planning makes one on devices that only count, so a footprint is what loading takes.
 */
public final class WeightMemory {

    static final String OWNER = "weights";
    /** Blocks of page-locked memory that what is made after loading may need. */
    private static final int RESERVE_BLOCKS = 4;

    private static final long RESERVE_BYTES = 1 << 20;
    /** Tables and blocks reach a GPU in pieces of about this size. */
    static final long STAGING_BYTES = 64L << 20;

    private final WeightEncodings encodings;
    private final Plan plan;
    private final List<Device> devices;
    private final Resources resources;
    private final Map<BlockId, BlockLayout<?>> layouts = new LinkedHashMap<>();
    private final Map<BlockId, MemorySegment> segments = new HashMap<>();
    private final Map<BlockId, Long> fileOffsets = new HashMap<>();
    private final Set<BlockId> pageLocked = new HashSet<>();
    private final List<UnshardedWeights> unsharded = new ArrayList<>();
    private long fileBytes;
    private boolean pageLocking = true;
    private @Nullable Buffer reserve;

    /**
     * Takes it.
     *
     * @param resources keep the memory
     * @throws EngineException of kind PLACEMENT if there is not enough, or a plan that has a GPU map host memory is refused that
     */
    public WeightMemory(WeightEncodings encodings, Plan plan, List<Device> devices, Resources resources) {
        this.encodings = encodings;
        this.plan = plan;
        this.devices = devices;
        this.resources = resources;
        plan.forEach((id, shard) -> layouts.put(id, layout(encodings, id, shard)));
        for (int i = 0; i < devices.size(); i++) {
            unsharded.add(UnshardedWeights.of(encodings, plan, i, devices.get(i), resources));
        }
        takeGpuMemory();
        reservePageLocked();
        plan.forEach(this::takeHostMemory);
    }

    /** How a shard's block is laid out. */
    public static BlockLayout<?> layout(WeightEncodings encodings, BlockId id, Shard shard) {
        return switch (id.component()) {
            case HEADS -> HeadsLayout.of(encodings, shard, id.layer());
            case UP -> NeuronsLayout.of(encodings, shard, id.layer());
            case DOWN -> ProjectionLayout.down(encodings, shard, id.layer());
            case EXPERTS -> ExpertsLayout.of(encodings, shard, id.layer());
            case VOCABULARY -> ProjectionLayout.vocabulary(encodings, shard);
        };
    }

    /** A tied head is no memory of its own where it is computed by the device that holds the token table. */
    boolean isTokenTable(BlockId id, Shard shard) {
        return id.component() == Component.VOCABULARY
                && !encodings.hasOwnHead()
                && shard.access() == Access.RESIDENT
                && shard.device() == plan.embeddingDevice()
                && shard.prefillDevice() == shard.device();
    }

    private void takeGpuMemory() {
        Map<Integer, Long> sizes = new LinkedHashMap<>();
        plan.forEach((id, shard) -> {
            if (shard.tier() == Tier.GPU && !isTokenTable(id, shard)) {
                sizes.merge(shard.device(), bytes(id), Long::sum);
            }
        });
        Map<Integer, MemorySegment> rooms = new HashMap<>();
        sizes.forEach((device, bytes) -> rooms.put(
                device,
                resources.keep(devices.get(device).allocate(OWNER, bytes)).segment()));
        plan.forEach((id, shard) -> {
            MemorySegment room = rooms.get(shard.device());
            if (shard.tier() == Tier.GPU && !isTokenTable(id, shard) && room != null) {
                segments.put(id, room.asSlice(0, bytes(id)));
                rooms.put(shard.device(), room.asSlice(bytes(id)));
            }
        });
    }

    private void takeHostMemory(BlockId id, Shard shard) {
        if (shard.tier() == Tier.DISK) {
            fileOffsets.put(id, fileBytes);
            fileBytes += bytes(id);
        } else if (shard.tier() == Tier.HOST && !isTokenTable(id, shard)) {
            @Nullable Device gpu = gpuThatReads(id, shard);
            @Nullable Buffer locked = gpu == null ? null : pageLocked(gpu, bytes(id));
            if (locked == null && shard.access() == Access.MAPPED) {
                throw EngineException.placement(
                        "The plan has the GPU read weights in page-locked host memory, but the system"
                                + " refuses to lock " + (bytes(id) >> 20)
                                + " MiB of it; raise the limit with 'ulimit -l unlimited' or"
                                + " choose another plan");
            }
            if (locked != null) {
                pageLocked.add(id);
            }
            Buffer buffer = resources.keep(locked == null ? processor().allocate(OWNER, bytes(id)) : locked);
            segments.put(id, buffer.segment());
        }
    }

    private @Nullable Device gpuThatReads(BlockId id, Shard shard) {
        boolean shared = id.component() == Component.EXPERTS
                && shard.tier() == Tier.HOST
                && plan.layers().get(id.layer()).fetchedShare() > 0;
        int fetches = shared ? plan.layers().get(id.layer()).home() : shard.device();
        for (int index : new int[] {shard.prefillDevice(), shard.device(), fetches}) {
            if (devices.get(index).tier() == Tier.GPU) {
                return devices.get(index);
            }
        }
        return null;
    }

    private Device processor() {
        return devices.stream()
                .filter(device -> device.tier() == Tier.HOST)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no device computes on host memory"));
    }

    /** Weights must not take the last page-locked memory: the buffers through which the rest would have to go need some. */
    private void reservePageLocked() {
        long[] largest = new long[1];
        Device[] gpu = new Device[1];
        plan.forEach((id, shard) -> {
            @Nullable Device reader = shard.tier() == Tier.GPU ? null : gpuThatReads(id, shard);
            if (reader != null) {
                gpu[0] = reader;
                int parts = id.component() == Component.EXPERTS ? shard.size() : 1; // experts pass one by one
                largest[0] = Math.max(largest[0], bytes(id) / parts);
            }
        });
        if (gpu[0] != null) {
            @Nullable Buffer kept = pageLocked(gpu[0], RESERVE_BLOCKS * largest[0] + RESERVE_BYTES);
            reserve = kept == null ? null : resources.keep(kept);
        }
    }

    /** Once the system has refused, the rest of the weights is not page-locked either, and reaches the GPU in two steps. */
    private @Nullable Buffer pageLocked(Device gpu, long bytes) {
        if (!pageLocking) {
            return null;
        }
        try {
            return gpu.allocateHost(OWNER, bytes);
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            pageLocking = false;
            return null;
        }
    }

    /** Bytes of a block. */
    public long bytes(BlockId id) {
        return layout(id).bytes();
    }

    /** Bytes that a token reads of it on average. */
    public long readBytes(BlockId id) {
        return layout(id).readBytes();
    }

    BlockLayout<?> layout(BlockId id) {
        BlockLayout<?> layout = layouts.get(id);
        if (layout == null) {
            throw new IllegalStateException("no such block in the plan: " + id);
        }
        return layout;
    }

    /** The memory of a block that is not on disk and not part of the token table. */
    MemorySegment segment(BlockId id) {
        MemorySegment segment = segments.get(id);
        if (segment == null) {
            throw new IllegalStateException("no memory for " + id);
        }
        return segment;
    }

    long fileOffset(BlockId id) {
        Long offset = fileOffsets.get(id);
        if (offset == null) {
            throw new IllegalStateException("not on disk: " + id);
        }
        return offset;
    }

    /** Bytes that the disk tier takes. */
    public long fileBytes() {
        return fileBytes;
    }

    /** Whether a GPU may copy the block from where it is. */
    public boolean isPageLocked(BlockId id) {
        return pageLocked.contains(id);
    }

    /** Whether all weights that a GPU reads from host memory could be page-locked. */
    public boolean pageLocking() {
        return pageLocking;
    }

    UnshardedWeights unsharded(int device) {
        return unsharded.get(device);
    }

    /** Host memory through which loading puts weights into a device or on disk. */
    public long stagingBytes(int device) {
        boolean gpu = devices.get(device).tier() == Tier.GPU;
        long[] largest = {gpu ? Math.min(unsharded.get(device).largestBytes(), STAGING_BYTES) : 0};
        plan.forEach((id, shard) -> {
            boolean toGpu = gpu && shard.tier() == Tier.GPU && shard.device() == device && !isTokenTable(id, shard);
            boolean toDisk = device == 0 && shard.tier() == Tier.DISK;
            if (toGpu || toDisk) {
                largest[0] = Math.max(largest[0], bytes(id));
            }
        });
        return largest[0];
    }

    /** Gives back what was only kept free while loading. */
    public void loaded() {
        if (reserve != null) {
            reserve.close();
            reserve = null;
        }
    }
}
