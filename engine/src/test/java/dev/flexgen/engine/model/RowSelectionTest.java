package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.model.RowSelection.Axis;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The ways in which published families fuse and permute rows. */
class RowSelectionTest {

    private static List<Long> stored(RowSelection rows) {
        return LongStream.range(0, rows.rows()).mapToObj(rows::stored).toList();
    }

    @Test
    void bloomKeepsQueryKeyAndValueOfAHeadTogether() {
        int heads = 2;
        int dim = 3;
        RowSelection keys = new RowSelection(18, dim, List.of(new Axis(heads, 3L * dim), new Axis(dim, 1)));
        assertThat(stored(keys)).containsExactly(3L, 4L, 5L, 12L, 13L, 14L);
        assertThat(keys.isAll()).isFalse();
    }

    @Test
    void codegenHasFourGroupsOfQueryValueAndKey() {
        // H 8, D 2, E 16: value is the second quarter of a group of 3E/4 rows.
        RowSelection values = new RowSelection(48, 4, List.of(new Axis(4, 12), new Axis(2, 2), new Axis(2, 1)));
        assertThat(stored(values))
                .containsExactly(4L, 5L, 6L, 7L, 16L, 17L, 18L, 19L, 28L, 29L, 30L, 31L, 40L, 41L, 42L, 43L);
    }

    @Test
    void halvesOfAHeadCanBecomeNeighbours() {
        RowSelection pairs = new RowSelection(8, 0, List.of(new Axis(2, 4), new Axis(2, 1), new Axis(2, 2)));
        assertThat(stored(pairs)).containsExactly(0L, 2L, 1L, 3L, 4L, 6L, 5L, 7L);
    }

    @Test
    void runsAreAsLongAsRowsLieBehindEachOther() {
        RowSelection keys = new RowSelection(18, 3, List.of(new Axis(2, 9), new Axis(3, 1)));
        List<List<Long>> runs = new ArrayList<>();
        keys.runs(1, 4, (stored, row, count) -> runs.add(List.of(stored, row, count)));
        assertThat(runs).containsExactly(List.of(4L, 1L, 2L), List.of(12L, 3L, 2L));
        runs.clear();
        RowSelection.all(10).runs(2, 7, (stored, row, count) -> runs.add(List.of(stored, row, count)));
        assertThat(runs).containsExactly(List.of(2L, 2L, 7L));
        assertThat(RowSelection.all(10).isAll()).isTrue();
        assertThat(RowSelection.range(10, 0, 9).isAll()).isFalse();
    }

    @Test
    void rowsOutsideTheTensorAreRefused() {
        assertThatThrownBy(() -> RowSelection.range(10, 4, 7)).isInstanceOf(IllegalArgumentException.class);
    }
}
