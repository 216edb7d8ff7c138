package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubRefTest {

    @ParameterizedTest
    @ValueSource(strings = {"facebook/opt-1.3b", "gpt2", "a/b", "Salesforce/codegen-350M-mono", "x_y/z.w"})
    void idsOfTheHubPass(String id) {
        assertThat(new HubRef(id, "main").id()).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "a/",
                "/a",
                "a/b/c",
                "../x",
                "a/..",
                "a..b/c",
                "a--b/c",
                "-a/b",
                "a/b-",
                ".a/b",
                "a b/c",
                "a\\b",
                "a/b\n",
                "caf\u00e9/x"
            })
    void whatCannotBeAnIdIsRefused(String id) {
        assertThatThrownBy(() -> new HubRef(id, "main"))
                .isInstanceOf(HubException.class)
                .hasMessageEndingWith(" is not a hub id: write for example facebook/opt-1.3b.");
    }

    @Test
    void idsAreOfBoundedLength() {
        assertThat(HubRef.isId("a".repeat(96) + "/" + "b".repeat(96))).isTrue();
        assertThat(HubRef.isId("a".repeat(97) + "/b")).isFalse();
        assertThat(HubRef.isId("a/" + "b".repeat(97))).isFalse();
        assertThat(HubRef.isId("a".repeat(1_000_000))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"main", "v1.0", "refs/pr/12", FakeStore.COMMIT, "feature/a+b_c"})
    void revisionsOfTheHubPass(String revision) {
        assertThat(new HubRef("a/b", revision).toString())
                .isEqualTo(revision.equals("main") ? "a/b" : "a/b@" + revision);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "/main", "main/", "a//b", "..", "../../etc", "a/../b", ".", "./a", "a b", "a\0"})
    void whatCannotBeARevisionIsRefused(String revision) {
        assertThatThrownBy(() -> new HubRef("a/b", revision))
                .isInstanceOf(HubException.class)
                .hasMessageEndingWith(
                        " is not a revision: write a branch, a tag or a commit after the @, for example a/b@main.");
    }

    @Test
    void revisionsAreOfBoundedLength() {
        assertThatThrownBy(() -> new HubRef("a/b", "a/".repeat(100_000) + "a")).isInstanceOf(HubException.class);
    }
}
