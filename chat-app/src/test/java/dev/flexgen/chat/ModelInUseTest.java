package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.draft.Drafts;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.hub.ResolvedModel;
import dev.flexgen.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelInUseTest {

    /** A tokenizer that does not close. */
    private static final class Stuck implements Tokenizer {
        @Override
        public int[] encode(String text) {
            return new int[0];
        }

        @Override
        public int[] encodeContinuation(String text) {
            return new int[0];
        }

        @Override
        public int[] encodeWithSpecialTokens(String text) {
            return new int[0];
        }

        @Override
        public String decode(int[] ids) {
            return "";
        }

        @Override
        public boolean isSpecial(int id) {
            return false;
        }

        @Override
        public int size() {
            return 1;
        }

        @Override
        public void close() {
            throw new IllegalStateException("stuck");
        }
    }

    @Test
    void aTokenizerThatDoesNotCloseDoesNotKeepTheModelOpen() {
        List<Path> folders = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .toList();
        assumeThat(folders).as("the models lie in the source tree").isNotEmpty();
        Path folder = folders.getFirst();
        Machine machine = Machine.open(EngineOptions.defaults().withThreads(1), GpuSource.NONE);
        Model model = machine.open(folder, EngineOptions.defaults().model());
        var inUse = new ModelInUse(
                new ResolvedModel("tiny", folder, PromptStyle.COMPLETION), machine, model, Drafts.none(), Stuck::new);
        assertThat(inUse.tokenizer()).isPresent();

        assertThatThrownBy(inUse::close).hasMessage("stuck");

        assertThat(machine.ledger().report()).isEmpty();
    }
}
