package dev.flexgen.chat.pull;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.pull.FileProgress.Phase;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {

    private static final long MIB = 1 << 20;

    private static final PullState STATE = new PullState(
            "facebook/opt-6.7b",
            List.of(
                    new FileProgress("config.json", 651, 651, Phase.DONE),
                    new FileProgress("pytorch_model-00001-of-00002.bin", 9_960_750_957L, 3_320_250_319L, Phase.LOADING),
                    new FileProgress(
                            "pytorch_model-00002-of-00002.bin", 3_356_360_185L, 3_356_360_185L, Phase.CHECKING),
                    new FileProgress("vocab.json", 898_822, 0, Phase.WAITING)),
            13_318_010_615L,
            6_676_611_155L,
            25.5 * MIB,
            "");

    private static String lines(PullState state, Bar bar, int width, int height) {
        return String.join("\n", new ProgressLines(bar, width, height).of(state));
    }

    @Test
    void aWideTerminalHasBarsForEachFileInWorkAndForAll() {
        assertThat(lines(STATE, Bar.LINES, 140, 10)).isEqualTo("""
                pytorch_model-00001-of-00002.bin    ━━━━━━━━━━━━━───────────────────────────   33 %  3.1 of 9.3 GiB
                pytorch_model-00002-of-00002.bin    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100 %  checking
                1 of 4 files                        ━━━━━━━━━━━━━━━━━━━━────────────────────   50 %  6.2 of 12.4 GiB
                25.5 MiB/s, 4:09 left""");
    }

    @Test
    void anAsciiTerminalGetsTheSameInAscii() {
        assertThat(lines(STATE, Bar.ASCII, 80, 10)).isEqualTo("""
                1/2 pyto...model.bin  ##########---------------------   33 %  3.1 of 9.3 GiB
                2/2 pyto...model.bin  ###############################  100 %  checking
                1 of 4 files          ###############----------------   50 %  6.2 of 12.4 GiB
                25.5 MiB/s, 4:09 left""");
    }

    @Test
    void aNarrowOneKeepsTheNumbersAndWhatTellsShardsApart() {
        assertThat(lines(STATE, Bar.LINES, 56, 10)).isEqualTo("""
                1/2 py…del.bin  ━━━━─────────   33 %  3.1 of 9.3 GiB
                2/2 py…del.bin  ━━━━━━━━━━━━━  100 %  checking
                1 of 4 files    ━━━━━━───────   50 %  6.2 of 12.4 GiB
                25.5 MiB/s, 4:09 left""");
    }

    @Test
    void aLowTerminalShowsTheTotalFirstOfAll() {
        assertThat(lines(STATE, Bar.ASCII, 60, 1)).startsWith("1 of 4 files").hasLineCount(1);
        assertThat(lines(STATE, Bar.ASCII, 60, 3))
                .hasLineCount(3)
                .startsWith("1/2 ")
                .endsWith("25.5 MiB/s, 4:09 left");
    }

    @Test
    void whatHoldsItUpStandsBelow() {
        assertThat(lines(PullState.asking("opt-1.3b"), Bar.ASCII, 60, 5)).isEqualTo("asking the hub");
        PullState waiting = new PullState(
                STATE.model(), STATE.files(), STATE.totalBytes(), STATE.doneBytes(), 0, "the hub asks to wait 55 s");
        assertThat(lines(waiting, Bar.ASCII, 60, 10)).endsWith("12.4 GiB\nthe hub asks to wait 55 s");
    }

    @Test
    void noLineIsEverWiderThanTheTerminal() {
        for (int width = 10; width < 140; width++) {
            int most = width;
            assertThat(new ProgressLines(Bar.LINES, width, 10).of(STATE))
                    .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(most));
        }
    }

    @Test
    void percentAreRoundedDownAndTimesAreReadable() {
        assertThat(ProgressText.percent(999_999, 1_000_000)).isEqualTo(99);
        assertThat(ProgressText.percent(0, 0)).isZero();
        assertThat(ProgressText.amount(512, 2048)).isEqualTo("0.5 of 2.0 KiB");
        assertThat(ProgressText.amount(5, 651)).isEqualTo("5 of 651 B");
        assertThat(ProgressText.timeLeft(7, 1)).isEqualTo("0:07");
        assertThat(ProgressText.timeLeft(3723, 1)).isEqualTo("1:02:03");
        assertThat(ProgressText.timeLeft(Long.MAX_VALUE, 1)).isEqualTo("days");
        assertThat(ProgressText.timeLeft(1, 0)).isEmpty();
    }

    @Test
    void theBarFollowsTheLocale() {
        assertThat(Bar.choose(Map.of("LC_ALL", "C.UTF-8", "TERM", "xterm"))).isEqualTo(Bar.LINES);
        assertThat(Bar.choose(Map.of("LC_ALL", "", "LANG", "de_DE.utf8", "TERM", "xterm")))
                .isEqualTo(Bar.LINES);
        assertThat(Bar.choose(Map.of("LC_ALL", "C", "LANG", "de_DE.utf8", "TERM", "xterm")))
                .isEqualTo(Bar.ASCII);
        assertThat(Bar.choose(Map.of("LANG", "en_US.UTF-8", "TERM", "linux"))).isEqualTo(Bar.ASCII);
        assertThat(Bar.choose(Map.of())).isEqualTo(Bar.ASCII);
    }
}
