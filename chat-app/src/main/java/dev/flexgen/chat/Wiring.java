package dev.flexgen.chat;

import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.bundled.BundledModels;
import dev.flexgen.chat.draft.DraftOpener;
import dev.flexgen.chat.live.LoadWatch;
import dev.flexgen.chat.machine.LocalMachine;
import dev.flexgen.chat.machine.MachineProbe;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.chat.pull.HubPull;
import dev.flexgen.chat.pull.ModelPull;
import dev.flexgen.chat.pull.PackedPull;
import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.chat.sessions.SessionStore;
import dev.flexgen.config.AppDirs;
import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Environment;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Measuring;
import dev.flexgen.engine.MemoryLimits;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.PackedModels;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.cuda.CudaGpus;
import dev.flexgen.engine.measure.ProfileCache;
import dev.flexgen.engine.model.Families;
import dev.flexgen.hub.HubCache;
import dev.flexgen.hub.HubSettings;
import dev.flexgen.hub.ModelResolver;
import dev.flexgen.hub.ResolvedModel;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jline.terminal.Terminal;

/**
 * The one place where the modules are put together. Everything is made on first use, so that a command pays only
 * for what it uses. One per run of the program.
 */
public final class Wiring {

    private final Environment environment;
    private final AppDirs dirs;
    private final Streams streams;
    private final Interruption interruption;
    private final Host host;
    private final HeadStart headStart = new HeadStart();

    public Wiring(Environment environment, Streams streams, Interruption interruption) {
        this(environment, streams, interruption, new Host(it -> SystemTerminal.open(it.variables()), System::exit));
    }

    private Wiring(Environment environment, Streams streams, Interruption interruption, Host host) {
        this.environment = environment;
        this.dirs = AppDirs.of(environment);
        this.streams = streams;
        this.interruption = interruption;
        this.host = host;
    }

    /** The program once more, in surroundings of the caller's instead of the process's. */
    public Wiring inside(Environment itsEnvironment, Streams itsStreams, Host itsHost) {
        return new Wiring(itsEnvironment, itsStreams, new Interruption(), itsHost);
    }

    /** The terminal that the program was started in; the caller closes it. */
    public Terminal openTerminal() throws IOException {
        return host.terminals().open(environment);
    }

    /** What is loaded early; begun by whoever knows that a model will be needed. */
    public HeadStart headStart() {
        return headStart;
    }

    public Streams streams() {
        return streams;
    }

    public Interruption interruption() {
        return interruption;
    }

    public Environment environment() {
        return environment;
    }

    public AppDirs dirs() {
        return dirs;
    }

    /** The settings of this run, with those given on the command line, by name, before all others. */
    public Settings settings(Map<String, String> flags) {
        return Settings.resolve(environment, dirs, flags);
    }

    public Catalogue catalogue() {
        return Catalogue.load();
    }

    /** Where models are kept: the folder of the settings, without one that of Hugging Face's tools. */
    public HubCache hubCache(Settings settings) {
        return hubCache(settings.get(SettingTable.STORE));
    }

    /** The same for a folder that need not be the settings' yet; empty for that of Hugging Face's tools. */
    public HubCache hubCache(String store) {
        return new HubCache(hubEnvironment(store));
    }

    /** The environment as the hub's client should see it. */
    private Environment hubEnvironment(String store) {
        if (store.isEmpty()) {
            return environment;
        }
        Map<String, String> variables = new HashMap<>(environment.variables());
        variables.put("HF_HUB_CACHE", environment.path(store).toString());
        return new Environment(variables, environment.home(), environment.workingDirectory());
    }

    /** A download into a store; empty for that of Hugging Face's tools. */
    public ModelPull modelPull(String store) {
        return new HubPull(HubSettings.of(hubEnvironment(store)), hubCache(store));
    }

    /** A download that keeps a packed model and nothing else. */
    public ModelPull packedPull(Settings settings, Path scratch, PackedModels packed, WeightType weights) {
        headStart.await();
        HubCache cache = hubCache(scratch.toString());
        return new PackedPull(HubSettings.of(hubEnvironment(settings.get(SettingTable.STORE))), cache, packed, weights);
    }

    /** The saved conversations. */
    public SessionStore sessions() {
        return new SessionStore(dirs.state(), new LocalClock());
    }

    /** The machine as models would be opened with {@code options}; measured if it never was, without a word. */
    public MachineProbe machine(EngineOptions options) {
        return new LocalMachine(
                environment.variables().getOrDefault("PATH", ""),
                () -> fitter(options, measuring(_ -> {}, _ -> {}), Machine.Rates.KNOWN));
    }

    /** Which models could be opened with the settings, and how fast they would be if this machine was measured before. */
    public ModelFitter outlook(Settings settings) {
        return outlook(settings, Machine.Rates.SAVED);
    }

    /** The same; measuring is shown. */
    public ModelFitter outlook(Settings settings, Machine.Rates rates) {
        EngineOptions options = engineOptions(settings);
        return fitter(options, measuring(notice(settings), new MeasuringNotice(streams, quiet(settings))), rates);
    }

    private ModelFitter fitter(EngineOptions options, Measuring measuring, Machine.Rates rates) {
        headStart.await();
        return new ModelFitter(Machine.state(options, gpus(), measuring, rates), options.model());
    }

    private Measuring measuring(Consumer<String> notice, Consumer<String> progress) {
        return Measuring.kept(new ProfileCache(dirs.cache().resolve("machine"), notice), dirs.data(), progress);
    }

    private Consumer<String> notice(Settings settings) {
        return quiet(settings) ? _ -> {} : sentence -> streams.note(sentence);
    }

    private static boolean quiet(Settings settings) {
        return settings.get(SettingTable.QUIET);
    }

    /** The model that the settings name; without one, the one that comes with the program. */
    public ResolvedModel model(Settings settings) {
        String model = settings.get(SettingTable.MODEL);
        return model.isEmpty() ? bundled(BundledModel.DEMO) : model(settings, model);
    }

    /** The model that a path, a bundled or catalogue name or a hub id stands for; its files are here. */
    public ResolvedModel model(Settings settings, String model) {
        return BundledModel.named(model).map(this::bundled).orElseGet(() -> {
            requireKnownFamily(model);
            return new ModelResolver(environment, catalogue(), hubCache(settings)).resolve(model);
        });
    }

    /** Before anybody is told to download it. */
    private void requireKnownFamily(String model) {
        int at = model.indexOf('@');
        if (!Files.isDirectory(environment.path(model))) {
            catalogue()
                    .find(at < 0 ? model : model.substring(0, at))
                    .filter(entry -> !Families.names().contains(entry.family()))
                    .ifPresent(entry -> {
                        throw CommandException.model(familyThatDoesNotRun(entry));
                    });
        }
    }

    /** The sentence about a model of the catalogue that this version cannot compute. */
    public String familyThatDoesNotRun(CatalogueEntry entry) {
        return entry.name() + " is of the family " + entry.family() + "; this version runs "
                + String.join(", ", Families.names());
    }

    private ResolvedModel bundled(BundledModel model) {
        return new ResolvedModel(model.modelName(), new BundledModels(dirs.cache()).folder(model), PromptStyle.DEMO);
    }

    /** One line for people who named no model: who speaks, and how to have another. */
    public void announceDefaultModel(Settings settings) {
        if (settings.get(SettingTable.MODEL).isEmpty() && !settings.get(SettingTable.QUIET)) {
            streams.note("the small demo model. Larger: 'flexgen-chat models', then -m NAME");
        }
    }

    /** Opens the model of the settings. The caller closes it. */
    public ModelInUse open(Settings settings) {
        return open(settings, engineOptions(settings).model(), LoadWatch.NONE);
    }

    /** Opens the model of the settings while somebody watches. The caller closes it. */
    public ModelInUse open(Settings settings, LoadWatch watch) {
        return open(settings, engineOptions(settings).model(), watch);
    }

    /** Opens the model of the settings with options of the caller's. The caller closes it. */
    public ModelInUse open(Settings settings, ModelOptions options) {
        return open(settings, options, LoadWatch.NONE);
    }

    private ModelInUse open(Settings settings, ModelOptions options, LoadWatch watch) {
        Packing packing = new Packing(this, settings);
        String name = settings.get(SettingTable.MODEL);
        boolean random = settings.get(SettingTable.RANDOM_WEIGHTS);
        ResolvedModel resolved = random
                ? bundled(BundledModel.DEMO).named(name + " with random weights") // with the demo's tokenizer
                : name.isEmpty() ? model(settings) : packing.resolve(name);
        Machine machine = machine(settings);
        watch.begins(resolved.name(), machine.activity());
        try {
            Function<ModelOptions, Model> opener = it ->
                    random ? new RandomModels(this, settings).open(machine, it) : packing.open(resolved, machine, it);
            DraftOpener drafting = new DraftOpener(this, settings, resolved, random, machine);
            return drafting.open(options, opener, (model, drafts) -> {
                watch.ends();
                if (!settings.get(SettingTable.QUIET)) {
                    Placed.lines(model.heldBytes(), model::knownEstimate, model.notes(), machine.deviceName())
                            .forEach(streams::note);
                }
                Supplier<Tokenizer> words = () -> Tokenizers.open(resolved.folder(), nativeCache());
                return new ModelInUse(resolved, machine, model, drafts, random ? BorrowedTokenizer.of(words) : words);
            });
        } catch (Throwable e) {
            watch.ends();
            machine.close();
            throw e;
        }
    }

    /** The devices that the settings allow. The caller closes it. */
    public Machine machine(Settings settings) {
        headStart.await();
        EngineOptions options = engineOptions(settings);
        return Machine.open(
                options, gpus(), measuring(notice(settings), new MeasuringNotice(streams, quiet(settings))));
    }

    /** What the settings say about how to compute. */
    public EngineOptions engineOptions(Settings settings) {
        WeightType weights = switch (settings.get(SettingTable.WEIGHTS)) {
            case AUTO -> WeightType.AUTO;
            case NATIVE -> WeightType.NATIVE;
            case F16 -> WeightType.F16;
            case Q8 -> WeightType.Q8;
            case Q4 -> WeightType.Q4;
            case Q3 -> WeightType.Q3;
        };
        KvType kv = switch (settings.get(SettingTable.KV)) {
            case AUTO -> KvType.AUTO;
            case F32 -> KvType.F32;
            case F16 -> KvType.F16;
            case Q4 -> KvType.Q4;
        };
        String disk = settings.get(SettingTable.DISK_DIR);
        var limits = new MemoryLimits(
                settings.get(SettingTable.GPU_MEMORY),
                settings.get(SettingTable.CPU_MEMORY),
                disk.isEmpty() ? null : environment.expandedPath(disk));
        return EngineOptions.defaults()
                .withDevice(settings.get(SettingTable.DEVICE))
                .withGpus(settings.get(SettingTable.GPUS))
                .withLimits(limits)
                .withThreads(settings.get(SettingTable.THREADS))
                .withContext(settings.get(SettingTable.CONTEXT))
                .withWeights(weights)
                .withKv(kv);
    }

    /** The version that the build was given. */
    public String version() {
        return buildProperty("version").orElse("unknown");
    }

    /** The commit that was built, to stand in a list; empty if it was not built from a repository. */
    public String commit() {
        return buildProperty("commit").map(commit -> "commit " + commit + ", ").orElse("");
    }

    private static Optional<String> buildProperty(String name) {
        var properties = new Properties();
        try (InputStream stream = Wiring.class.getResourceAsStream("version.properties")) {
            if (stream != null) {
                properties.load(stream);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Optional.ofNullable(properties.getProperty(name)).filter(value -> !value.contains("$"));
    }

    /** Ends the process at once, from whichever thread. */
    public void exit(int code) {
        host.exit().accept(code);
    }

    private GpuSource gpus() {
        return new CudaGpus(environment, dirs.cache());
    }

    /** Where the tokenizer's native library is unpacked. */
    public Path nativeCache() {
        return dirs.cache().resolve("native");
    }
}
