package dev.flexgen.chat.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ReplyAssemblerTest {

    private final PieceTokenizer tokenizer = new PieceTokenizer(
            " ", "\n", "Hi", " there", "\nHu", "man:", ".\n", ".", "\u00c3", "\u00a4", "\n\n", "Human", ":");

    private final List<String> told = new ArrayList<>();
    private final ReplyAssembler assembler = new ReplyAssembler(tokenizer, List.of("\nHuman:"), told::add);

    private void push(int... ids) {
        for (int id : ids) {
            assembler.push(id);
        }
    }

    @Test
    void textIsToldTrimmedAsItComes() {
        push(0, 1, 2, 0, 1, 3, 0);
        assembler.finish();
        assertThat(told).containsExactly("Hi", " \n there");
        assertThat(assembler.text()).isEqualTo("Hi \n there");
        assertThat(assembler.ids()).isEqualTo(TokenIds.of(0, 1, 2, 0, 1, 3));
    }

    @Test
    void aStopStringOnTokenBordersLeavesTheModelsOwnIds() {
        push(2, 3, 4, 5);
        assertThat(assembler.stopped()).isTrue();
        assembler.finish();
        assertThat(told).containsExactly("Hi", " there");
        assertThat(assembler.ids()).isEqualTo(TokenIds.of(2, 3));
    }

    @Test
    void aTokenCutInTwoIsEncodedAnew() {
        push(2, 6, 11, 12);
        assertThat(assembler.stopped()).isTrue();
        assembler.finish();
        assertThat(assembler.text()).isEqualTo("Hi.");
        assertThat(assembler.ids()).isEqualTo(TokenIds.of(2, 7));
    }

    @Test
    void theBeginOfAStopStringIsToldWhenNothingFollows() {
        push(2, 4);
        assertThat(told).containsExactly("Hi");
        assembler.finish();
        assertThat(told).containsExactly("Hi", "\nHu");
        assertThat(assembler.ids()).isEqualTo(TokenIds.of(2, 4));
    }

    @Test
    void halfACharacterAtTheEndIsDropped() {
        push(2, 8);
        assembler.finish();
        assertThat(assembler.text()).isEqualTo("Hi");
        assertThat(assembler.ids()).isEqualTo(TokenIds.of(2));
    }

    @Test
    void aCharacterOfTwoTokensIsWhole() {
        push(8, 9, 2);
        assembler.finish();
        assertThat(told).containsExactly("ä", "Hi");
        assertThat(assembler.ids()).isEqualTo(TokenIds.of(8, 9, 2));
    }

    @Test
    void whiteSpaceAloneIsNoReply() {
        push(0, 1, 10);
        assembler.finish();
        assertThat(told).isEmpty();
        assertThat(assembler.text()).isEmpty();
    }

    /** When each id copied the reply so far, this took minutes. */
    @Test
    @Timeout(10)
    void aLongReplyCostsNoMoreForEachIdThanAShortOne() {
        for (int i = 0; i < 200_000; i++) {
            push(i % 10 == 9 ? 0 : 2);
        }
        assembler.finish();
        assertThat(assembler.text()).hasSize(180_000 * 2 + 19_999);
        assertThat(String.join("", told)).isEqualTo(assembler.text());
    }
}
