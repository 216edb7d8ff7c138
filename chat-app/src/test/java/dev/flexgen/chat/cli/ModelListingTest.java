package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Catalogue;
import dev.flexgen.hub.LocalModel;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
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
                OptionalLong.of(5L << 30));

        assertThat(listing.lines()).anyMatch(line -> line.matches("opt-125m .* yes .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("opt-1.3b .* no +yes .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("opt-2.7b .* no +too large .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("bloom-560m .* no +not yet .*"));
        assertThat(listing.lines()).anyMatch(line -> line.matches("someone/opt-tiny .* 4.0 KiB .*yes .*"));
    }

    private static LocalModel local(String hubId) {
        return new LocalModel(hubId, "main", "0".repeat(40), Path.of("/store"), 4096);
    }
}
