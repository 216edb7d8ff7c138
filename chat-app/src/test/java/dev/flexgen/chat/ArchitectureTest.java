package dev.flexgen.chat;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.nio.file.FileStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The arrows between the modules, and which module may use which library. */
@AnalyzeClasses(
        packages = "dev.flexgen",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {

    private static final String ENGINE = "dev.flexgen.engine";

    /** The fakes and programs that a module's tests share with others come in jars of their own. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    /** chat-app on top; tokenizer, model store and engine beside each other; config below all. */
    @ArchTest
    static final ArchRule modulesDependDownwards = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("chat-app")
            .definedBy("dev.flexgen.chat..")
            .layer("engine")
            .definedBy("dev.flexgen.engine..")
            .layer("tokenizer")
            .definedBy("dev.flexgen.tokenizer..")
            .layer("model-downloader")
            .definedBy("dev.flexgen.hub..")
            .layer("config")
            .definedBy("dev.flexgen.config..")
            .whereLayer("chat-app")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("engine")
            .mayOnlyBeAccessedByLayers("chat-app")
            .whereLayer("tokenizer")
            .mayOnlyBeAccessedByLayers("chat-app")
            .whereLayer("model-downloader")
            .mayOnlyBeAccessedByLayers("chat-app")
            .whereLayer("config")
            .mayOnlyBeAccessedByLayers("chat-app", "engine", "tokenizer", "model-downloader");

    /** What of the engine's rooms chat-app may know beside those that are open to it: data, and where GPUs come from. */
    private static final Set<String> ENGINE_DATA = Set.of(
            ENGINE + ".memory.Tier",
            ENGINE + ".memory.Ledger",
            ENGINE + ".tensor.DType",
            ENGINE + ".checkpoint.RandomWeights",
            ENGINE + ".exec.Counters",
            ENGINE + ".store.HintFile",
            ENGINE + ".store.PackListener",
            ENGINE + ".store.PackedForm",
            ENGINE + ".store.ShardPacker",
            ENGINE + ".store.SourceIdentity",
            ENGINE + ".store.SourceIdentity$File",
            ENGINE + ".sample.SamplerOptions");

    private static final Set<String> OPEN_ROOMS =
            Set.of(ENGINE, ENGINE + ".base", ENGINE + ".plan", ENGINE + ".measure", ENGINE + ".model");

    private static final Set<String> GPU_SOURCES =
            Set.of(ENGINE + ".device.GpuSource", ENGINE + ".device.cuda.CudaGpus");

    @ArchTest
    static void chatAppKnowsTheEnginesFaceAlone(JavaClasses all) {
        noClasses()
                .that()
                .resideInAPackage("dev.flexgen.chat..")
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are behind the engine's face",
                        type -> type.getPackageName().startsWith(ENGINE)
                                && !OPEN_ROOMS.contains(type.getPackageName())
                                && !ENGINE_DATA.contains(type.getName())
                                && !GPU_SOURCES.contains(type.getName())))
                .check(all);
        noClasses()
                .that()
                .resideInAPackage("dev.flexgen.chat..")
                .and()
                .doNotHaveFullyQualifiedName("dev.flexgen.chat.Wiring")
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are sources of GPUs", type -> GPU_SOURCES.contains(type.getName())))
                .check(all);
    }

    /** The engine's rooms, ground floor first: each may use those listed, and no other. */
    private static final Map<String, List<String>> ENGINE_ROOMS = Map.ofEntries(
            Map.entry("base", List.of()),
            Map.entry("tensor", List.of()),
            Map.entry("sample", List.of("base")),
            Map.entry("memory", List.of("base")),
            Map.entry("checkpoint", List.of("base", "tensor")),
            Map.entry("model", List.of("base", "tensor", "checkpoint")),
            Map.entry("quant", List.of("base", "tensor")),
            Map.entry("device", List.of("base", "tensor", "quant", "memory")),
            Map.entry("device.cpu", List.of("base", "tensor", "quant", "memory", "device")),
            Map.entry("device.cuda", List.of("base", "tensor", "quant", "memory", "device")),
            Map.entry("cache", List.of("base", "tensor", "quant", "memory", "device")),
            Map.entry("plan", List.of("base", "tensor", "quant", "memory", "model", "cache")),
            Map.entry("measure", List.of("base", "memory", "quant", "device", "device.cpu", "plan")),
            Map.entry("weights", List.of("base", "tensor", "quant", "memory", "model", "device", "device.cpu", "plan")),
            Map.entry(
                    "store",
                    List.of(
                            "base",
                            "tensor",
                            "quant",
                            "memory",
                            "checkpoint",
                            "model",
                            "device",
                            "device.cpu",
                            "plan",
                            "weights")),
            Map.entry("transfer", List.of("base", "memory", "device", "plan", "weights")),
            Map.entry(
                    "exec",
                    List.of(
                            "base",
                            "tensor",
                            "quant",
                            "memory",
                            "model",
                            "device",
                            "device.cpu",
                            "cache",
                            "plan",
                            "weights",
                            "transfer")));

    @ArchTest
    static void eachRoomOfTheEngineUsesOnlyThoseBelow(JavaClasses all) {
        ENGINE_ROOMS.forEach((room, below) -> {
            List<String> allowed = new ArrayList<>(below);
            allowed.add(room);
            noClasses()
                    .that()
                    .resideInAPackage(ENGINE + "." + room)
                    .should()
                    .dependOnClassesThat(DescribedPredicate.describe(
                            "are in a room of the engine that is not below " + room,
                            type -> type.getPackageName().startsWith(ENGINE)
                                    && allowed.stream()
                                            .noneMatch(
                                                    it -> type.getPackageName().equals(ENGINE + "." + it))))
                    .check(all);
        });
    }

    @ArchTest
    static void everyRoomOfTheEngineHasARule(JavaClasses all) {
        Set<String> rooms = all.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(ENGINE + "."))
                .map(name -> name.substring(ENGINE.length() + 1))
                .collect(Collectors.toSet());
        assertThat(ENGINE_ROOMS.keySet()).isEqualTo(rooms);
    }

    @ArchTest
    static final ArchRule everyClassBelongsToAModule = classes()
            .should()
            .resideInAnyPackage(
                    "dev.flexgen.chat..",
                    "dev.flexgen.engine..",
                    "dev.flexgen.tokenizer..",
                    "dev.flexgen.hub..",
                    "dev.flexgen.config..");

    @ArchTest
    static final ArchRule onlyTheTokenizerUsesDjl = onlyIn("dev.flexgen.tokenizer..", "ai.djl..");

    @ArchTest
    static final ArchRule onlyChatAppUsesTheTerminalAndTheOptionParser =
            onlyIn("dev.flexgen.chat..", "org.jline..", "com.googlecode.lanterna..", "picocli..");

    @ArchTest
    static final ArchRule onlyTheModelDownloaderMayUseTheNetwork = noClasses()
            .that()
            .resideOutsideOfPackage("dev.flexgen.hub..")
            .should()
            .dependOnClassesThat()
            .haveNameMatching("java\\.net\\.(http\\..*|.*Socket.*|.*URLConnection)");

    @ArchTest
    static final ArchRule onlyTheCpuDeviceUsesTheVectorApi =
            onlyIn("dev.flexgen.engine.device.cpu..", "jdk.incubator.vector..");

    @ArchTest
    static final ArchRule onlyTheCudaDeviceUsesCuda = onlyIn("dev.flexgen.engine.device.cuda..", "org.bytedeco..");

    @ArchTest
    static final ArchRule roomOnADiskIsKnownWithoutAListOfMounts = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("dev.flexgen.config.DiskSpace")
            .should()
            .callMethod(FileStore.class, "getUsableSpace");

    @ArchTest
    static void onlyChatAppPrints(JavaClasses all) {
        GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(all.that(notIn("dev.flexgen.chat")));
    }

    @ArchTest
    static final ArchRule onlyTheCompositionRootEndsTheProcess = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("dev.flexgen.chat.Main")
            .and()
            .doNotHaveFullyQualifiedName("dev.flexgen.chat.Wiring")
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "halt", int.class);

    private static ArchRule onlyIn(String packages, String... libraries) {
        return noClasses()
                .that()
                .resideOutsideOfPackage(packages)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(libraries);
    }

    private static DescribedPredicate<JavaClass> notIn(String packageName) {
        return DescribedPredicate.describe(
                "not in " + packageName, type -> !type.getPackageName().startsWith(packageName));
    }
}
