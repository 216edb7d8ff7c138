package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class JsonPositionTest {

    @Test
    void isFoundInGsonsMessages() {
        assertThat(of("{\"a\":\n")).isEqualTo("line 2, column 1");
        assertThat(of("[".repeat(100_000))).isEqualTo("line 1, column 257");
    }

    @Test
    void isTheStartWhereGsonDoesNotSay() {
        assertThat(JsonPosition.of(new IllegalStateException())).isEqualTo("its start");
    }

    private static String of(String json) {
        return JsonPosition.of(catchThrowable(() -> JsonParser.parseString(json)));
    }
}
