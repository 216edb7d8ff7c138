package dev.flexgen.chat.packed;

import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.config.WeightChoice;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.PackedModels;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.HubException;
import dev.flexgen.hub.HubRef;
import dev.flexgen.hub.ResolvedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The packed models that go with some settings. One per command. */
public final class Packing {

    /** Which form of a model whose source is gone is used if nobody says: the most exact one. */
    private static final List<WeightType> BEST_FIRST =
            List.of(WeightType.F16, WeightType.Q8, WeightType.Q4, WeightType.Q3);

    private final Wiring wiring;
    private final Settings settings;
    private final PackedModels store;
    private final long leastBytes;

    public Packing(Wiring wiring, Settings settings) {
        this(wiring, settings, PackedModels.LEAST_BYTES);
    }

    /** @param leastBytes of weights that are packed without being told to */
    Packing(Wiring wiring, Settings settings, long leastBytes) {
        this.leastBytes = leastBytes;
        this.wiring = wiring;
        this.settings = settings;
        String folder = settings.get(SettingTable.STORE);
        this.store = new PackedModels(
                folder.isEmpty()
                        ? wiring.dirs().data().resolve("packed")
                        : wiring.environment().expandedPath(folder).resolve("flexgen-chat-packed"));
    }

    public PackedModels store() {
        return store;
    }

    /** The folder in the store of what a MODEL argument means. */
    public String key(String model) {
        Path path = wiring.environment().path(model);
        if (Files.isDirectory(path)) {
            String place = path.toAbsolutePath().normalize().toString();
            Path name = path.toAbsolutePath().normalize().getFileName();
            return safe(name == null ? "root" : name.toString()) + "-"
                    + HexFormat.of().toHexDigits(place.hashCode());
        }
        int at = model.indexOf('@');
        String name = at < 0 ? model : model.substring(0, at);
        String id = wiring.catalogue().find(name).map(CatalogueEntry::hubId).orElse(name);
        return keyOf(new HubRef(id, at < 0 ? HubRef.MAIN : model.substring(at + 1)));
    }

    /** The same for a model of the hub. */
    public static String keyOf(HubRef ref) {
        return safe(ref.id().replace("/", "--"))
                + (ref.revision().equals(HubRef.MAIN) ? "" : "@" + safe(ref.revision()));
    }

    private static String safe(String name) {
        String plain = name.replaceAll("[^\\w.@-]", "_");
        return plain.startsWith(".") ? "_" + plain : plain;
    }

    /** The packed forms of a model. */
    public List<PackedForm> forms(String model) {
        String key = key(model);
        return store.list().stream().filter(form -> form.key().equals(key)).toList();
    }

    /**
     * The model that a MODEL argument means, or if its files are gone a packed form of it.
     *
     * @throws HubException if there is neither
     */
    public ResolvedModel resolve(String model) {
        try {
            return wiring.model(settings, model);
        } catch (HubException absent) {
            return packedAlone(model)
                    .map(form -> new ResolvedModel(model, form.folder(), promptStyle(model)))
                    .orElseThrow(() -> absent);
        }
    }

    private Optional<PackedForm> packedAlone(String model) {
        if (!HubRef.isId(model.replaceFirst("@.*", ""))) {
            return Optional.empty();
        }
        String key = key(model);
        WeightType asked = weights(settings.get(SettingTable.WEIGHTS));
        List<WeightType> candidates = asked.encodes() ? List.of(asked) : BEST_FIRST;
        return candidates.stream()
                .flatMap(weights -> store.find(key, weights).stream())
                .findFirst();
    }

    private PromptStyle promptStyle(String model) {
        return wiring.catalogue()
                .find(model.replaceFirst("@.*", ""))
                .map(CatalogueEntry::promptStyle)
                .orElse(PromptStyle.DIALOGUE);
    }

    /**
     * The folder to open for a model: its own, or that of a packed form, which is made now if the model is large and its weights are to be
     * encoded.
     */
    public Path folder(ResolvedModel resolved, Machine machine, ModelOptions options) {
        return folder(settings.get(SettingTable.MODEL), resolved, machine, options);
    }

    /** The same for a model that is not the settings'. */
    private Path folder(String model, ResolvedModel resolved, Machine machine, ModelOptions options) {
        Path source = resolved.folder();
        if (BundledModel.named(resolved.name()).isPresent() || isPacked(source)) {
            return source;
        }
        WeightType weights = machine.weightsOf(source, options);
        if (!weights.encodes()) {
            return source;
        }
        String key = key(model);
        Optional<PackedForm> there = store.find(key, weights, source);
        if (there.isPresent()) {
            return there.get().folder();
        }
        if (weightBytes(source) < leastBytes) {
            return source;
        }
        try {
            return pack(key, resolved, weights).folder();
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            say(e.getMessage() + "; the weights are encoded while they are loaded, this time and the next");
            return source;
        }
    }

    /** Opens a model from the folder that {@link #folder} says. A packed form that proves to be damaged is made once more. */
    public Model open(ResolvedModel resolved, Machine machine, ModelOptions options) {
        return open(settings.get(SettingTable.MODEL), resolved, machine, options);
    }

    /** The same for a model that is not the settings': {@code model} is what was resolved. */
    public Model open(String model, ResolvedModel resolved, Machine machine, ModelOptions options) {
        Path folder = folder(model, resolved, machine, options);
        try {
            return machine.open(folder, options);
        } catch (EngineException e) {
            if (folder.equals(resolved.folder()) || isPacked(folder)) {
                throw e;
            }
            say(e.getMessage());
            return machine.open(folder(model, resolved, machine, options), options);
        }
    }

    private static boolean isPacked(Path folder) {
        return Files.exists(folder.resolve("manifest.jsonl"));
    }

    /** Makes a packed form, and shows how that goes. */
    public PackedForm pack(String key, ResolvedModel resolved, WeightType weights) {
        wiring.headStart().await();
        String what = PlainText.line(resolved.name()) + " in " + weights.label();
        PackProgress.Display display = settings.get(SettingTable.QUIET)
                ? PackProgress.Display.NONE
                : wiring.streams().errTerminal().getAsBoolean()
                        ? PackProgress.Display.TERMINAL
                        : PackProgress.Display.LINES;
        try (PackProgress progress = new PackProgress(wiring.streams().err(), what, display, System::nanoTime)) {
            return store.pack(
                    key,
                    resolved.name(),
                    resolved.folder(),
                    weights,
                    Runtime.getRuntime().availableProcessors(),
                    progress,
                    wiring.interruption().token());
        } finally {
            wiring.interruption().nothingToStop();
        }
    }

    /** Bytes of the files of a model's folder. */
    private static long weightBytes(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            long sum = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sum += Files.size(file);
            }
            return sum;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void say(String sentence) {
        if (!settings.get(SettingTable.QUIET)) {
            wiring.streams().note(sentence);
        }
    }

    /** The engine's word for a setting's. */
    public static WeightType weights(WeightChoice choice) {
        return WeightType.valueOf(choice.name());
    }

    /** Names of weights that can be packed. */
    public static Optional<WeightType> packable(String name) {
        return BEST_FIRST.stream()
                .filter(weights -> weights.label().equals(name.toLowerCase(Locale.ROOT)))
                .findFirst();
    }
}
