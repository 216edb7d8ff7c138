package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecentBytesTest {

    private final RecentBytes recent = new RecentBytes();

    private void add(long position, int... bytes) {
        ByteBuffer buffer = recent.buffer();
        for (int value : bytes) {
            buffer.put((byte) value);
        }
        recent.add(position, buffer.flip());
    }

    private String taken(long position) {
        @Nullable ByteBuffer bytes = recent.take(position);
        if (bytes == null) {
            return "none";
        }
        StringBuilder text = new StringBuilder();
        while (bytes.hasRemaining()) {
            text.append(bytes.get());
        }
        recent.free(bytes);
        return text.toString();
    }

    @Test
    void aRunIsReadInOrderOnceOnly() {
        add(10, 1, 2, 3);
        add(13, 4, 5);

        assertThat(taken(10)).isEqualTo("123");
        assertThat(taken(13)).isEqualTo("45");
        assertThat(taken(15)).isEqualTo("none");
    }

    @Test
    void aReaderWhoComesInTheMiddleGetsTheRest() {
        add(10, 1, 2, 3);
        add(13, 4, 5);

        assertThat(taken(14)).isEqualTo("5");
    }

    @Test
    void whatComesFromElsewhereIsNotKeptWhileThereIsARun() {
        add(10, 1);
        add(50, 9);

        assertThat(taken(5)).isEqualTo("none");
        assertThat(taken(10)).isEqualTo("1");
        assertThat(taken(50)).isEqualTo("none");
        add(50, 9);
        assertThat(taken(50)).isEqualTo("9");
    }

    @Test
    void whatHasNoRoomIsNotKeptForAReaderWhoIsElsewhere() {
        assertThat(taken(0)).isEqualTo("none");
        for (int i = 0; i < 100; i++) {
            add(i, i);
        }
        assertThat(taken(0)).isEqualTo("0");
        assertThat(taken(99)).isEqualTo("none");
    }

    @Test
    void aReaderWhoIsHereIsGivenTimeToMakeRoom() throws InterruptedException {
        assertThat(taken(0)).isEqualTo("none");
        for (int i = 0; i < 3; i++) {
            add(i, i);
        }
        assertThat(taken(0)).isEqualTo("0");
        add(3, 3);
        Thread writer = Thread.ofVirtual().start(() -> add(4, 4));
        while (writer.getState() != Thread.State.TIMED_WAITING && writer.isAlive()) {
            Thread.sleep(1);
        }

        assertThat(taken(1)).isEqualTo("1");

        writer.join();
        assertThat(taken(2)).isEqualTo("2");
        assertThat(taken(3)).isEqualTo("3");
        assertThat(taken(4)).isEqualTo("4");
    }

    @Test
    void afterClearNothingIsLeft() {
        add(0, 1);
        recent.clear();

        assertThat(taken(0)).isEqualTo("none");
    }
}
