package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Catalogue;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.hub.LocalModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelListingTest {

    @Test
    void showsParametersInThreeDigits() {
        assertThat(ModelListing.parameters(125_239_296)).isEqualTo("125M");
        assertThat(ModelListing.parameters(1_315_758_080)).isEqualTo("1.32B");
        assertThat(ModelListing.parameters(29_974_540_288L)).isEqualTo("30.0B");
        assertThat(ModelListing.parameters(174_604_000_000L)).isEqualTo("175B");
    }

    @Test
    void marksWhatIsHereAndAddsWhatTheCatalogueDoesNotKnow() {
        var listing = ModelListing.of(
                Catalogue.load(),
                List.of(local("facebook/opt-125m"), local("someone/opt-tiny")),
                new ModelListing.Disk(Long.MAX_VALUE, List.of()),
                new ModelFitter(
                        new MachineState(
                                new Found.ProcessorAlone(""), new Budget(List.of(), 5L << 30, false), Optional.empty()),
                        EngineOptions.defaults().withWeights(WeightType.NATIVE).model()));

        assertThat(listing.lines()).anyMatch(line -> line.matches("opt-125m .* yes .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("opt-1.3b .* no +yes .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("opt-2.7b .* no +too large .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("bloom-560m .* no +yes .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("glm-4.5 .* no +too large .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("someone/opt-tiny .* 4.0 KiB .*yes .*"));
    }

    private static String listing(EngineOptions options, Found found) {
        return listing(options, found, Long.MAX_VALUE);
    }

    private static String listing(EngineOptions options, Found found, long freeBytes) {
        List<Budget.Gpu> gpus =
                found instanceof Found.WithGpus ? List.of(new Budget.Gpu(15L << 30, 2 << 20)) : List.of();
        Budget budget = new Budget(gpus, 60L << 30, true);
        return ModelListing.of(
                Catalogue.load(),
                List.of(),
                new ModelListing.Disk(freeBytes, List.of()),
                new ModelFitter(new MachineState(found, budget, Optional.empty()), options.model()));
    }

    @Test
    void whatDoesNotFitGpuAndHostMemoryRunsFromADiskIfThereIsOne() {
        String listing = listing(EngineOptions.defaults(), new Found.WithGpus("GPU"));
        assertThat(listing.lines())
                .anyMatch(line -> line.matches("opt-30b .* no +yes .*"))
                .anyMatch(line -> line.matches("opt-66b .* no +from disk .*"));
    }

    @Test
    void whatTheDiskHasNoRoomForIsNotOffered() {
        String listing = listing(EngineOptions.defaults(), new Found.WithGpus("GPU"), 40L << 30);
        assertThat(listing.lines())
                .anyMatch(line -> line.matches("opt-13b .* no +yes .*"))
                .anyMatch(line -> line.matches("opt-66b .* no +disk too small .*"));
    }

    @Test
    void whatCannotBeOpenedForAnotherReasonIsNotCalledTooLarge() {
        var nobody = new Found.Nobody(EngineException.Kind.DEVICE, "broken");
        assertThat(listing(EngineOptions.defaults(), nobody).lines())
                .anyMatch(line -> line.matches("demo .* yes +yes .*"))
                .anyMatch(line -> line.matches("opt-125m .* no +no .*"));
        var gpu = new Found.WithGpus("GPU");
        assertThat(listing(EngineOptions.defaults().withContext(4096), gpu).lines())
                .anyMatch(line -> line.matches("opt-125m .* no +no .*"));
    }

    private static LocalModel local(String hubId) {
        return new LocalModel(hubId, "main", "0".repeat(40), Path.of("/store"), 4096);
    }
}
