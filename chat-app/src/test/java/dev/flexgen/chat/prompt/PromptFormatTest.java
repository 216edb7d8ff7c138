package dev.flexgen.chat.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.prompt.PromptFormat.Place;
import dev.flexgen.config.PromptStyle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PromptFormatTest {

    @Test
    void aDialogueIsWrittenAsAPlay() {
        var format = PromptFormat.of(PromptStyle.DIALOGUE);
        assertThat(format.turn(Place.AFTER_OPENING, "Hi.")).isEqualTo("\n\nHuman: Hi.\nAssistant:");
        assertThat(format.turn(Place.AFTER_REPLY, "Hi.")).isEqualTo("\nHuman: Hi.\nAssistant:");
        assertThat(format.stopStrings()).contains("\nHuman:");
    }

    @Test
    void anInstructionAsksForItsOutput() {
        var format = PromptFormat.of(PromptStyle.INSTRUCTION);
        assertThat(format.turn(Place.START, "Add 1 and 2.")).isEqualTo("Instruction: Add 1 and 2.\nOutput:");
    }

    @Test
    void scienceIsAskedQuestions() {
        var format = PromptFormat.of(PromptStyle.SCIENCE);
        assertThat(format.turn(Place.START, "Why?")).isEqualTo("Question: Why?\n\nAnswer:");
    }

    @Test
    void aCompletionIsTheTextItself() {
        var format = PromptFormat.of(PromptStyle.COMPLETION);
        assertThat(format.turn(Place.START, "def f(")).isEqualTo("def f(");
        assertThat(format.stopStrings()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(PromptStyle.class)
    void everyStyleOffersOpeningsDownToNone(PromptStyle style) {
        var format = PromptFormat.of(style);
        assertThat(format.openings("")).last().isEqualTo("");
        assertThat(format.openings(" Be kind. ")).contains("Be kind.").last().isEqualTo("");
        assertThat(format.beforeReply()).doesNotEndWith(" ");
    }

    @Test
    void systemTextReplacesThePersonaAndKeepsTheExample() {
        var openings = PromptFormat.of(PromptStyle.DIALOGUE).openings("You are a pirate.");
        assertThat(openings).hasSize(3);
        assertThat(openings.getFirst()).startsWith("You are a pirate.\n\nHuman: Hello");
        assertThat(openings.get(1)).isEqualTo("You are a pirate.");
    }
}
