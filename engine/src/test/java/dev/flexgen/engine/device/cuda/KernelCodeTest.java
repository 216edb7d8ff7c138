package dev.flexgen.engine.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCodeTest {

    private static final KernelSource UP = KernelSource.of("up", DType.F16);

    @TempDir
    Path folder;

    private final List<String> compiled = new ArrayList<>();
    private ShippedKernels shipped = new ShippedKernels(name -> null);

    private KernelCode code(String settings) {
        KernelCode.Compiler compiler = (name, text) -> {
            compiled.add(name);
            return (name + settings).getBytes(StandardCharsets.UTF_8);
        };
        return new KernelCode(
                shipped, new CubinCache(folder.resolve("cache")), () -> settings, compiler, Runnable::run);
    }

    @Test
    void allFilesOfATypeAreCompiledWithTheFirstButForTheRareOne() {
        KernelCode code = code("sm_75");
        assertThat(code.of(UP)).asString().isEqualTo("up_f16.cusm_75");
        assertThat(compiled)
                .contains("up_f16.cu", "down_f16.cu", "attend_f16.cu")
                .doesNotContain("product_f16.cu");
        int first = compiled.size();
        assertThat(code.of(KernelSource.of("down", DType.F16))).asString().isEqualTo("down_f16.cusm_75");
        assertThat(compiled).hasSize(first);
        code.of(KernelSource.of("product", DType.F16));
        assertThat(compiled).hasSize(first + 1).endsWith("product_f16.cu");
    }

    @Test
    void nothingIsCompiledTwiceForTheSameGpu() {
        code("sm_75").of(UP);
        int first = compiled.size();
        assertThat(code("sm_75").of(UP)).asString().isEqualTo("up_f16.cusm_75");
        assertThat(compiled).hasSize(first);
        assertThat(code("sm_90").of(UP)).asString().isEqualTo("up_f16.cusm_90");
        assertThat(compiled).hasSize(2 * first);
    }

    @Test
    void theCompilersWordsReachTheCaller() {
        KernelCode code = new KernelCode(
                shipped,
                new CubinCache(folder),
                () -> "sm_75",
                (name, text) -> {
                    throw EngineException.placement("no compiler for " + name);
                },
                Runnable::run);
        assertThatThrownBy(() -> code.of(UP))
                .isInstanceOf(EngineException.class)
                .hasMessage("no compiler for up_f16.cu");
    }

    @Test
    void whatIsShippedNeedsNoCompiler() {
        byte[] machineCode = {1, 2, 3};
        shipped = new ShippedKernels(
                name -> name.equals(ShippedKernels.fileName(UP)) ? new ByteArrayInputStream(machineCode) : null);
        KernelCode code = code("sm_75");
        assertThat(code.of(UP)).isEqualTo(machineCode);
        assertThat(compiled).isEmpty();

        code.of(KernelSource.of("down", DType.F16));
        assertThat(compiled).contains("down_f16.cu").doesNotContain("up_f16.cu");
    }

    @Test
    void aSourceThatHasChangedIsNoLongerTheShippedOne() {
        KernelSource changed = new KernelSource("up", Encoding.F16, UP.text() + "\n");
        assertThat(ShippedKernels.fileName(changed)).startsWith("up_f16-").isNotEqualTo(ShippedKernels.fileName(UP));
    }
}
