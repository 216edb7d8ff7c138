package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import org.junit.jupiter.api.Test;

class LookupDrafterTest {

    private static int[] draft(int most, int... ids) {
        return new LookupDrafter().draft(ids, ids.length, most, new CancelToken());
    }

    @Test
    void whatFollowedTheLastTokensBeforeIsDrafted() {
        assertThat(draft(3, 1, 2, 3, 4, 5, 9, 1, 2)).containsExactly(3, 4, 5);
        assertThat(draft(9, 1, 2, 3, 4, 1, 2)).containsExactly(3, 4, 1, 2);
    }

    @Test
    void theLongestMatchWinsAndThenTheLatest() {
        assertThat(draft(1, 7, 1, 2, 30, 8, 1, 2, 40, 7, 1, 2)).containsExactly(30);
        assertThat(draft(1, 1, 2, 30, 1, 2, 40, 1, 2)).containsExactly(40);
    }

    @Test
    void withoutAMatchThereIsNoDraft() {
        assertThat(draft(4)).isEmpty();
        assertThat(draft(4, 1)).isEmpty();
        assertThat(draft(4, 1, 1)).isEmpty();
        assertThat(draft(4, 1, 2, 3, 4, 5, 3)).as("one token is chance").isEmpty();
    }
}
