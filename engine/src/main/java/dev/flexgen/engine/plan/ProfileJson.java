package dev.flexgen.engine.plan;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.flexgen.config.JsonPosition;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.quant.Encoding;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A {@link MachineProfile} as text that people read and write; docs/ARCHITECTURE.md shows one. */
public final class ProfileJson {

    /** Of the file, and of the way its figures are measured: another number is measured again. */
    static final int FORMAT = 4;

    /** Had one GPU at most, as "gpu". */
    private static final int ONE_GPU = 3;

    private static final String HEAD = "flexgen-machine";
    /** Where reports about more than the machine have it. */
    private static final String REPORT = "machine";

    private static final String PRODUCTS = "multiply_adds_per_second";
    private static final String PRODUCTS_BOTH = "host_multiply_adds_while_uploading";
    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().create();

    private static final double MOST_BYTES = 0x1p50;
    private static final double LEAST_RATE = 1e4;
    private static final double MOST_RATE = 1e15;
    private static final double MOST_PRODUCTS = 1e17;

    private ProfileJson() {}

    /** As a file of its own. */
    public static String write(MachineProfile profile) {
        return PRETTY.toJson(toJson(profile)) + "\n";
    }

    /** As an element of a larger report. */
    public static JsonObject toJson(MachineProfile profile) {
        JsonObject json = new JsonObject();
        json.addProperty(HEAD, FORMAT);
        json.addProperty("name", profile.name());
        json.addProperty("source", profile.source().name().toLowerCase(Locale.ROOT));
        json.addProperty("hardware", profile.hardware());
        json.addProperty("measured_at", profile.measuredAt());
        json.addProperty("other_load", profile.otherLoad());
        MachineProfile.Host host = profile.host();
        JsonObject hostJson = new JsonObject();
        hostJson.addProperty("memory_bytes", host.memoryBytes());
        hostJson.addProperty("lockable_bytes", host.lockableBytes());
        hostJson.addProperty("threads", host.threads());
        hostJson.add("read_bytes_per_second", measured(host.readByThreads()));
        hostJson.addProperty("start_seconds", host.startSeconds());
        hostJson.addProperty("wake_seconds", host.wakeSeconds());
        hostJson.addProperty("attend_bytes_per_second", host.attend());
        hostJson.add(PRODUCTS, products(host.products()));
        json.add("host", hostJson);
        JsonArray gpus = new JsonArray();
        profile.gpus().forEach(gpu -> gpus.add(gpu(gpu)));
        json.add("gpus", gpus);
        JsonArray disks = new JsonArray();
        for (MachineProfile.Disk disk : profile.disks()) {
            JsonObject diskJson = new JsonObject();
            diskJson.addProperty("store", disk.store());
            diskJson.add("read_bytes_per_second", measured(disk.readByRequests()));
            disks.add(diskJson);
        }
        json.add("disks", disks);
        JsonArray estimates = new JsonArray();
        profile.estimates().forEach(estimates::add);
        json.add("estimates", estimates);
        return json;
    }

    private static JsonObject gpu(MachineProfile.Gpu gpu) {
        JsonObject json = new JsonObject();
        json.addProperty("name", gpu.name());
        json.addProperty("memory_bytes", gpu.memoryBytes());
        json.addProperty("overhead_bytes", gpu.overheadBytes());
        json.addProperty("unit_bytes", gpu.unitBytes());
        json.addProperty("read_bytes_per_second", gpu.read());
        json.addProperty("start_seconds", gpu.startSeconds());
        json.addProperty("attend_bytes_per_second", gpu.attend());
        json.add(PRODUCTS, products(gpu.products()));
        JsonObject bus = new JsonObject();
        bus.addProperty("upload_bytes_per_second", gpu.bus().upload());
        bus.addProperty("download_bytes_per_second", gpu.bus().download());
        bus.addProperty("upload_while_host_reads", gpu.bus().uploadBoth());
        bus.addProperty("host_read_while_uploading", gpu.bus().hostReadBoth());
        JsonObject both = new JsonObject();
        gpu.bus().productsBoth().forEach(both::addProperty);
        bus.add(PRODUCTS_BOTH, both);
        bus.addProperty("hand_over_seconds", gpu.bus().handOverSeconds());
        json.add("bus", bus);
        return json;
    }

    private static JsonObject measured(SortedMap<Integer, Double> values) {
        JsonObject json = new JsonObject();
        values.forEach((number, value) -> json.addProperty(number.toString(), value));
        return json;
    }

    private static JsonObject products(ProductRates rates) {
        JsonObject json = new JsonObject();
        rates.byEncoding().forEach((name, values) -> json.add(name, measured(values)));
        return json;
    }

    /**
     * Reads a profile, by itself or in a report that has it as "machine".
     *
     * @param source where the text is from, for messages
     * @throws EngineException of kind INPUT that names source, key and what is wrong
     */
    public static MachineProfile read(String text, String source) {
        try {
            FileObject root = new FileObject(JsonParser.parseString(text), source, "the machine");
            return profile(root.has(REPORT) && !root.has(HEAD) ? root.object(REPORT) : root);
        } catch (JsonParseException e) {
            throw EngineException.input(
                    source + " is not valid JSON near " + JsonPosition.of(e)
                            + "; write it as 'doctor --json' prints one",
                    e);
        } catch (IllegalArgumentException e) {
            throw EngineException.input(source + " describes no machine: " + e.getMessage() + "; correct it");
        }
    }

    private static MachineProfile profile(FileObject json) {
        int format = json.number(HEAD);
        String graphics = format == ONE_GPU ? "gpu" : "gpus";
        json.allow(Set.of(
                HEAD,
                "name",
                "source",
                "hardware",
                "measured_at",
                "other_load",
                "host",
                graphics,
                "disks",
                "estimates"));
        if (format != FORMAT && format != ONE_GPU) {
            throw new IllegalArgumentException(
                    "its format is " + format + ", and this version knows " + ONE_GPU + " and " + FORMAT);
        }
        List<MachineProfile.Disk> disks = new ArrayList<>();
        for (FileObject disk : json.list("disks")) {
            disk.allow(Set.of("store", "read_bytes_per_second"));
            disks.add(new MachineProfile.Disk(
                    disk.text("store"), disk.measured("read_bytes_per_second", LEAST_RATE, MOST_RATE)));
        }
        return new MachineProfile(
                json.text("name"),
                json.constant("source", MachineProfile.Source.class),
                json.text("hardware"),
                json.text("measured_at"),
                json.number("other_load", 0, 1),
                host(json.object("host")),
                format == ONE_GPU ? oneGpu(json) : gpus(json),
                disks,
                json.texts("estimates"));
    }

    private static MachineProfile.Host host(FileObject json) {
        json.allow(Set.of(
                "memory_bytes",
                "lockable_bytes",
                "threads",
                "read_bytes_per_second",
                "start_seconds",
                "wake_seconds",
                "attend_bytes_per_second",
                PRODUCTS));
        return new MachineProfile.Host(
                (long) json.number("memory_bytes", 1 << 20, MOST_BYTES),
                (long) json.number("lockable_bytes", 0, Long.MAX_VALUE),
                (int) json.number("threads", 1, 1024),
                json.measured("read_bytes_per_second", LEAST_RATE, MOST_RATE),
                json.number("start_seconds", 0, 1),
                json.number("wake_seconds", 0, 1),
                json.number("attend_bytes_per_second", LEAST_RATE, MOST_RATE),
                products(json.object(PRODUCTS)));
    }

    private static List<MachineProfile.Gpu> oneGpu(FileObject json) {
        return json.has("gpu") ? List.of(gpu(json.object("gpu"))) : List.of();
    }

    private static List<MachineProfile.Gpu> gpus(FileObject json) {
        List<MachineProfile.Gpu> gpus = new ArrayList<>();
        json.list("gpus").forEach(gpu -> gpus.add(gpu(gpu)));
        return gpus;
    }

    private static MachineProfile.Gpu gpu(FileObject json) {
        json.allow(Set.of(
                "name",
                "memory_bytes",
                "overhead_bytes",
                "unit_bytes",
                "read_bytes_per_second",
                "start_seconds",
                "attend_bytes_per_second",
                PRODUCTS,
                "bus"));
        FileObject bus = json.object("bus");
        bus.allow(Set.of(
                "upload_bytes_per_second",
                "download_bytes_per_second",
                "upload_while_host_reads",
                "host_read_while_uploading",
                PRODUCTS_BOTH,
                "hand_over_seconds"));
        return new MachineProfile.Gpu(
                json.text("name"),
                (long) json.number("memory_bytes", 1 << 20, MOST_BYTES),
                (long) json.number("overhead_bytes", 0, MOST_BYTES),
                (long) json.number("unit_bytes", 1, 1 << 30),
                json.number("read_bytes_per_second", LEAST_RATE, MOST_RATE),
                json.number("start_seconds", 0, 1),
                json.number("attend_bytes_per_second", LEAST_RATE, MOST_RATE),
                products(json.object(PRODUCTS)),
                new MachineProfile.Bus(
                        bus.number("upload_bytes_per_second", LEAST_RATE, MOST_RATE),
                        bus.number("download_bytes_per_second", LEAST_RATE, MOST_RATE),
                        bus.number("upload_while_host_reads", LEAST_RATE, MOST_RATE),
                        bus.number("host_read_while_uploading", LEAST_RATE, MOST_RATE),
                        productsBoth(bus.object(PRODUCTS_BOTH)),
                        bus.number("hand_over_seconds", 0, 1)));
    }

    private static SortedMap<String, Double> productsBoth(FileObject json) {
        json.allow(encodings());
        SortedMap<String, Double> rates = new TreeMap<>();
        for (String encoding : json.keys()) {
            rates.put(encoding, json.number(encoding, LEAST_RATE, MOST_PRODUCTS));
        }
        return rates;
    }

    private static Set<String> encodings() {
        return Set.copyOf(Encoding.ALL.stream().map(Encoding::name).toList());
    }

    private static ProductRates products(FileObject json) {
        json.allow(encodings());
        TreeMap<String, SortedMap<Integer, Double>> rates = new TreeMap<>();
        for (String encoding : json.keys()) {
            rates.put(encoding, json.measured(encoding, LEAST_RATE, MOST_PRODUCTS));
        }
        return new ProductRates(rates);
    }
}
