package dev.flexgen.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Every setting there is. The file, the environment, the flags, the help and the README's table all come from here. */
public final class SettingTable {

    /** A path, catalogue name or hub id; empty if none was chosen. */
    public static final Setting<String> MODEL = new Setting<>(
            "model",
            "MODEL",
            ValueType.text(),
            "",
            "The model to talk to: a folder, a catalogue name such as opt-1.3b, a hub id such as"
                    + " facebook/opt-1.3b[@revision], or demo; without one, the demo");

    /** A folder; empty for the one that Hugging Face's tools use. */
    public static final Setting<String> STORE = new Setting<>(
            "store",
            "FOLDER",
            ValueType.text(),
            "",
            "Where downloaded models are kept; without one, where Hugging Face's tools keep theirs (HF_HUB_CACHE, HF_HOME)");

    public static final Setting<DeviceChoice> DEVICE = new Setting<>(
            "device", "DEVICE", ValueType.choice(DeviceChoice.class), DeviceChoice.AUTO, "The device that computes");

    public static final Setting<GpuChoice> GPUS = new Setting<>(
            "gpus",
            "WHICH",
            ValueType.gpus(),
            GpuChoice.FIRST,
            "The GPUs that compute, by the numbers that doctor shows; a model that one of them does not hold is spread over all of"
                    + " them");

    /** In bytes; 0 = nearly all that is free. */
    public static final Setting<Long> GPU_MEMORY = new Setting<>(
            "gpu-memory",
            "SIZE",
            ValueType.size(),
            0L,
            "Memory of each GPU that the program may take, everything included; auto means nearly all that is free");

    /** In bytes; 0 = what is free. */
    public static final Setting<Long> CPU_MEMORY = new Setting<>(
            "cpu-memory",
            "SIZE",
            ValueType.size(),
            0L,
            "Host memory that a model's weights, conversation and buffers may take; auto means what is free");

    /** A folder; empty for no disk tier. */
    public static final Setting<String> DISK_DIR = new Setting<>(
            "disk-dir",
            "FOLDER",
            ValueType.text(),
            "",
            "Folder on a fast disk for weights that fit neither GPU nor host memory; without one, only packed models run from disk");

    /** 0 = all cores. */
    public static final Setting<Integer> THREADS = new Setting<>(
            "threads",
            "N",
            ValueType.whole(0, 1024),
            0,
            "Processor threads that compute; 0 means one per core, and beside a GPU three quarters of that");

    /** In tokens; 0 = the model's. */
    public static final Setting<Integer> CONTEXT = new Setting<>(
            "context",
            "N",
            ValueType.whole(0, Integer.MAX_VALUE),
            0,
            "Tokens of conversation the model sees at most; 0 means as many as the model can, up to 8192, and fewer where"
                    + " they would take room from weights");

    public static final Setting<WeightChoice> WEIGHTS = new Setting<>(
            "weights",
            "TYPE",
            ValueType.choice(WeightChoice.class),
            WeightChoice.AUTO,
            "Number format of weights in memory; auto keeps the stored one where the model fits the GPU, or host memory if there"
                    + " is no GPU, and else takes q4");

    public static final Setting<Boolean> RANDOM_WEIGHTS = new Setting<>(
            "random-weights",
            "",
            ValueType.toggle(),
            false,
            "Use random weights of the model's shape, without a download: shows how fast it would be, and says nothing sensible");

    public static final Setting<KvChoice> KV = new Setting<>(
            "kv", "TYPE", ValueType.choice(KvChoice.class), KvChoice.AUTO, "Number format of the cached conversation");

    /** No drafts. */
    public static final String DRAFT_OFF = "off";

    /** Whatever is predicted to be fastest. */
    public static final String DRAFT_AUTO = "auto";

    public static final Setting<String> DRAFT = new Setting<>(
            "draft",
            "WHAT",
            ValueType.text(),
            DRAFT_OFF,
            "What guesses the next tokens, for the model to check several in one step: lookup (what followed the same words before),"
                    + " self (the same model in 4 bits), a smaller model with the same tokenizer, auto (what is predicted to be"
                    + " fastest, or none), or off; replies stay the same");

    public static final Setting<Integer> MAX_NEW_TOKENS =
            new Setting<>("max-new-tokens", "N", ValueType.whole(1, 1_000_000), 256, "Tokens a reply may have at most");

    public static final Setting<Double> TEMPERATURE = new Setting<>(
            "temperature",
            "T",
            ValueType.decimal(SamplingRanges.TEMPERATURE),
            0.7,
            "How freely the next token is chosen; 0 always takes the likeliest");

    /** 0 = off. */
    public static final Setting<Integer> TOP_K = new Setting<>(
            "top-k",
            "K",
            ValueType.whole(0, Integer.MAX_VALUE),
            0,
            "Choose among the K likeliest tokens only; 0 means among all");

    /** 1 = off. */
    public static final Setting<Double> TOP_P = new Setting<>(
            "top-p",
            "P",
            ValueType.decimal(SamplingRanges.TOP_P),
            0.9,
            "Choose among the likeliest tokens that together reach this probability; 1 means among all");

    /** 0 = off. */
    public static final Setting<Double> MIN_P = new Setting<>(
            "min-p",
            "P",
            ValueType.decimal(SamplingRanges.MIN_P),
            0.0,
            "Drop tokens less likely than this share of the likeliest one; 0 drops none");

    /** 1 = off. */
    public static final Setting<Double> REPETITION_PENALTY = new Setting<>(
            "repetition-penalty",
            "X",
            ValueType.decimal(SamplingRanges.REPETITION_PENALTY),
            1.1,
            "How much less likely a token becomes once it has occurred; 1 changes nothing");

    /** Empty = a new one each time. */
    public static final Setting<OptionalLong> SEED = new Setting<>(
            "seed",
            "N",
            ValueType.seed(),
            OptionalLong.empty(),
            "Start of the random choices: the same number gives the same reply");

    /** Empty = the prompt style's own. */
    public static final Setting<String> SYSTEM = new Setting<>(
            "system", "TEXT", ValueType.text(), "", "What the model is told before the conversation begins");

    /** Empty = none. */
    public static final Setting<String> ROLE = new Setting<>(
            "role",
            "NAME",
            ValueType.text(),
            "",
            "The role to begin with: settings and what the model is told, from NAME.md in the folder roles beside the settings"
                    + " file");

    public static final Setting<ColorChoice> COLOR = new Setting<>(
            "color", "WHEN", ValueType.choice(ColorChoice.class), ColorChoice.AUTO, "When the output is coloured");

    public static final Setting<ThemeChoice> THEME = new Setting<>(
            "theme",
            "THEME",
            ValueType.choice(ThemeChoice.class),
            ThemeChoice.AUTO,
            "Colours of the chat: for a dark or a light background, or none; NO_COLOR means none too, unless --color always");

    public static final Setting<NotifyChoice> NOTIFY = new Setting<>(
            "notify",
            "HOW",
            ValueType.choice(NotifyChoice.class),
            NotifyChoice.ALL,
            "How the chat says that a reply which took 20 s or more has ended: all is the bell, the terminal's notification and"
                    + " the window's title");

    public static final Setting<ThoughtsChoice> THOUGHTS = new Setting<>(
            "thoughts",
            "HOW",
            ValueType.choice(ThoughtsChoice.class),
            ThoughtsChoice.SHOWN,
            "Whether the chat shows what a model thinks before it answers, or folds it to one line; /show thoughts unfolds the"
                    + " last ones");

    public static final Setting<Boolean> MONITOR = new Setting<>(
            "monitor",
            "",
            ValueType.toggle(),
            false,
            "Show memory, rates and speed on a screen of their own while a reply is made; q goes back to its text");

    public static final Setting<Boolean> PLAIN = new Setting<>(
            "plain",
            "",
            ValueType.toggle(),
            false,
            "Show replies as the model writes them, without Markdown and colours");

    public static final Setting<Boolean> QUIET =
            new Setting<>("quiet", "", ValueType.toggle(), false, "Print answers and errors, nothing else");

    public static final Setting<HistoryChoice> HISTORY = new Setting<>(
            "history",
            "WHICH",
            ValueType.choice(HistoryChoice.class),
            HistoryChoice.ALL,
            "Which typed messages the Up key finds: none, those of this session, or all");

    public static final Setting<Boolean> NO_SAVE = new Setting<>(
            "no-save",
            "",
            ValueType.toggle(),
            false,
            "Do not save the conversation as a session that can be continued");

    /** Keeps no files. */
    public static final long SESSION_CACHE_OFF = ValueType.OFF;

    /** In bytes; 0 = a share of what is free. */
    public static final Setting<Long> SESSION_CACHE = new Setting<>(
            "session-cache",
            "SIZE",
            ValueType.sizeOrOff(),
            0L,
            "Disk space for what the model holds of saved conversations (the KV cache), so that it need not read them again;"
                    + " auto means a tenth of what is free, up to 20GiB");

    private static final List<Setting<?>> ALL = List.of(
            MODEL,
            STORE,
            DEVICE,
            GPUS,
            GPU_MEMORY,
            CPU_MEMORY,
            DISK_DIR,
            THREADS,
            CONTEXT,
            WEIGHTS,
            RANDOM_WEIGHTS,
            KV,
            DRAFT,
            MAX_NEW_TOKENS,
            TEMPERATURE,
            TOP_K,
            TOP_P,
            MIN_P,
            REPETITION_PENALTY,
            SEED,
            SYSTEM,
            ROLE,
            HISTORY,
            NO_SAVE,
            SESSION_CACHE,
            COLOR,
            THEME,
            NOTIFY,
            THOUGHTS,
            MONITOR,
            PLAIN,
            QUIET);

    private SettingTable() {}

    /** In the order in which they are documented. */
    public static List<Setting<?>> all() {
        return ALL;
    }

    /** The setting of this name, with or without the flag's dashes. */
    public static Optional<Setting<?>> find(String nameOrFlag) {
        String name = nameOrFlag.startsWith("--") ? nameOrFlag.substring(2) : nameOrFlag;
        for (Setting<?> setting : ALL) {
            if (setting.name().equals(name)) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
    }

    /** The names, in order. */
    public static List<String> names() {
        return ALL.stream().<String>map(Setting::name).toList();
    }

    /** The table of settings for the README, in Markdown, each line ended by a newline. */
    public static String markdown() {
        StringBuilder table = new StringBuilder("""
                | Setting | Flag | Environment variable | Allowed | Default | Meaning |
                | --- | --- | --- | --- | --- | --- |
                """);
        for (Setting<?> setting : ALL) {
            table.append("| `").append(setting.name()).append("` | `").append(setting.flag());
            table.append(setting.isSwitch() ? "" : " " + setting.metavar());
            table.append("` | `").append(setting.environmentVariable()).append("` | ");
            table.append(setting.allowed())
                    .append(" | ")
                    .append(setting.defaultText())
                    .append(" | ");
            table.append(setting.doc()).append(" |\n");
        }
        return table.toString();
    }
}
