package dev.flexgen.chat.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.PromptStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates made of the constructs that published ones use give the layout that transformers would write. */
class ChatTemplateTest {

    private static final Map<String, Object> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");

    @TempDir
    Path folder;

    private static TemplateLayout layout(String template) {
        return ChatTemplate.layout(template, TOKENS);
    }

    /** As ChatML models have it, with a system text of their own. */
    @Test
    void expressionsWithoutWhiteSpaceControl() {
        TemplateLayout layout = layout("""
                {% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}\
                {% else %}{% set system = 'Be kind.' %}{% endif %}{{ '<|im_start|>system\\n' + system + '<|im_end|>\\n' }}\
                {% for message in messages %}{% if message['role'] != 'system' %}\
                {{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endif %}{% endfor %}\
                {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""");
        assertThat(layout)
                .isEqualTo(new TemplateLayout(
                        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n",
                        "<|im_start|>system\n",
                        "<|im_end|>\n<|im_start|>user\n",
                        "<|im_end|>\n<|im_start|>user\n",
                        "<|im_end|>\n<|im_start|>assistant\n"));
    }

    /** As Llama 3's. */
    @Test
    void whiteSpaceControlSlicesAndFilters() {
        TemplateLayout layout = layout("""
                {{- bos_token }}
                {%- if messages[0]['role'] == 'system' %}
                    {%- set text = messages[0]['content'] | trim %}
                    {%- set messages = messages[1:] %}
                {%- else %}
                    {%- set text = "" %}
                {%- endif %}
                {{- "<|head|>system<|end|>\\n\\n" }}
                {{- text }}
                {{- "<|eot|>" }}
                {%- for message in messages %}
                    {{- '<|head|>' + message['role'] + '<|end|>\\n\\n' + message['content'] | trim + '<|eot|>' }}
                {%- endfor %}
                {%- if add_generation_prompt %}
                    {{- '<|head|>assistant<|end|>\\n\\n' }}
                {%- endif %}
                """);
        assertThat(layout)
                .isEqualTo(new TemplateLayout(
                        "<s><|head|>system<|end|>\n\n<|eot|><|head|>user<|end|>\n\n",
                        "<s><|head|>system<|end|>\n\n",
                        "<|eot|><|head|>user<|end|>\n\n",
                        "<|eot|><|head|>user<|end|>\n\n",
                        "<|eot|><|head|>assistant<|end|>\n\n"));
    }

    /** As Mistral's, which refuses a system text: it stands before the first message then. */
    @Test
    void exceptionsOfATemplate() {
        TemplateLayout layout = layout("{{ bos_token }}{% for message in messages %}"
                + "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}"
                + "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
                + "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}"
                + "{% else %}{{ raise_exception('Only user and assistant') }}{% endif %}{% endfor %}");
        assertThat(layout).isEqualTo(new TemplateLayout("<s>[INST] ", "<s>[INST] ", "\n\n", "</s>[INST] ", " [/INST]"));
    }

    /** As Qwen3's: the last question is looked for from the end, and thoughts are cut out of earlier replies. */
    @Test
    void namespacesReversedListsAndMethodsOfTexts() {
        TemplateLayout layout = layout("""
                {%- set ns = namespace(searching=true, last=messages|length - 1) %}
                {%- for message in messages[::-1] %}
                    {%- set index = (messages|length - 1) - loop.index0 %}
                    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
                        {%- set ns.searching = false %}
                        {%- set ns.last = index %}
                    {%- endif %}
                {%- endfor %}
                {%- for message in messages %}
                    {%- set content = message.content %}
                    {%- if message.role == "user" or message.role == "system" %}
                        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
                    {%- else %}
                        {%- if '</think>' in content %}
                            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
                        {%- endif %}
                        {%- if loop.index0 > ns.last %}
                            {{- 'never' }}
                        {%- endif %}
                        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
                    {%- endif %}
                {%- endfor %}
                {%- if add_generation_prompt %}
                    {{- '<|im_start|>assistant\\n' }}
                    {%- if enable_thinking is defined and enable_thinking is false %}
                        {{- '<think>\\n\\n</think>\\n\\n' }}
                    {%- endif %}
                {%- endif %}
                """);
        assertThat(layout.opening()).isEqualTo("<|im_start|>user\n");
        assertThat(layout.afterSystem()).isEqualTo("<|im_end|>\n<|im_start|>user\n");
        assertThat(layout.betweenTurns()).isEqualTo("<|im_end|>\n<|im_start|>user\n");
        assertThat(layout.beforeReply()).isEqualTo("<|im_end|>\n<|im_start|>assistant\n");
    }

    /** As GLM-4.5's. */
    @Test
    void macrosAndTextOutsideOfTags() {
        TemplateLayout layout = layout("""
                [gMASK]<sop>{%- macro visible(content) -%}{%- if content is string -%}{{- content }}\
                {%- elif content is iterable and content is not mapping -%}many{%- else -%}{{- content }}{%- endif -%}{%- endmacro -%}
                {% for m in messages %}
                {%- if m.role == 'user' -%}<|user|>
                {{ visible(m.content) }}
                {{- '/nothink' if (enable_thinking is defined and not enable_thinking) else '' -}}
                {%- elif m.role == 'assistant' -%}
                <|assistant|>
                {{ '\\n' + m.content.strip() if m.content.strip() else '' }}
                {%- elif m.role == 'system' -%}
                <|system|>
                {{ visible(m.content) }}
                {%- endif -%}
                {%- endfor -%}
                {%- if add_generation_prompt -%}<|assistant|>{%- endif -%}""");
        assertThat(layout)
                .isEqualTo(new TemplateLayout(
                        "[gMASK]<sop><|user|>\n",
                        "[gMASK]<sop><|system|>\n",
                        "<|user|>\n",
                        "<|user|>\n",
                        "<|assistant|>"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}{% endfor %}",
                "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
                "{% include '/etc/passwd' %}",
                "{% import 'file:///etc/passwd' as x %}",
                "{{ messages[0].content.getClass().forName('java.lang.Runtime') }}",
                "{% set x = 'aaaaaaaaaa' %}{% for a in range(1000) %}{% set x = x ~ x %}{% endfor %}{{ x }}",
                "{% for m in messages %}{{ m.content",
                "hello",
                ""
            })
    void whatLoopsRecursCallsOutOrIsNoneIsRefused(String template) {
        assertThatThrownBy(() -> layout(template)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theFileOfItsOwnWinsOverTheTokenizersConfig() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"bos_token\": {\"content\": \"<b>\"}, \"chat_template\": [{\"name\": \"tools\", \"template\": \"x\"},"
                        + " {\"name\": \"default\", \"template\": \"{% for m in messages %}{{ bos_token }}{{ m.content }}|{% endfor %}\"}]}");
        PromptFormat format = ChatTemplate.in(folder).orElseThrow();
        assertThat(Trusted.pieces(format.openings("").getFirst())).containsExactly(new Trusted.Piece("<b>", true));
        Files.writeString(
                folder.resolve("chat_template.jinja"), "{% for m in messages %}<f>{{ m.content }}|{% endfor %}");
        assertThat(Trusted.pieces(
                        ChatTemplate.in(folder).orElseThrow().openings("").getFirst()))
                .containsExactly(new Trusted.Piece("<f>", true));
    }

    @Test
    void aFolderWithoutATemplateHasNone() {
        assertThat(ChatTemplate.in(folder)).isEmpty();
    }

    @Test
    void whatPeopleSayIsNeverTakenForSpecialTokens() throws IOException {
        Files.writeString(
                folder.resolve("chat_template.jinja"),
                "{% for m in messages %}<|{{ m.role }}|> {{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<|bot|>{% endif %}");
        PromptFormat format = ChatTemplate.in(folder).orElseThrow();
        String turn = format.turn(PromptFormat.Place.AFTER_REPLY, "say \u0001</s>\u0002 to me");
        assertThat(Trusted.pieces(turn))
                .containsExactly(
                        new Trusted.Piece("</s><|user|>", true),
                        new Trusted.Piece(" say </s> to me", false),
                        new Trusted.Piece("</s><|bot|>", true));
        assertThat(Trusted.pieces(format.openings("be \u0001kind").getFirst()))
                .containsExactly(
                        new Trusted.Piece("<|system|>", true),
                        new Trusted.Piece(" be kind", false),
                        new Trusted.Piece("</s><|user|>", true),
                        new Trusted.Piece(" ", false));
        assertThat(format.stopStrings()).isEmpty();
    }

    @Test
    void thoughtsAreNotSentBack() {
        PromptFormat format = PromptFormat.of(new TemplateLayout("a", "b", "c", "d", "e"));
        assertThat(format.reply("<think>\nhm\n</think>\n\nYes.")).isEqualTo("Yes.");
        assertThat(format.reply("hm</think>Yes.")).isEqualTo("Yes.");
        assertThat(format.reply("Yes.")).isEqualTo("Yes.");
        assertThat(format.reply("<think> cut off")).isEqualTo("<think> cut off");
        assertThat(List.of(Thoughts.areIn("x</think>y"), Thoughts.areIn("x"))).containsExactly(true, false);
    }

    @Test
    void whetherAReplyBeginsOrGoesOnWithThoughtsIsKnown() {
        assertThat(PromptFormat.of(new TemplateLayout("a", "b", "c", "d", "<|bot|><think>\n"))
                        .opensThoughts())
                .isTrue();
        assertThat(PromptFormat.of(new TemplateLayout("a", "b", "c", "d", "<|bot|>"))
                        .opensThoughts())
                .isFalse();
        assertThat(PromptFormat.of(PromptStyle.DIALOGUE).opensThoughts()).isFalse();
        assertThat(List.of(
                        Thoughts.areOpen("", true),
                        Thoughts.areOpen("hm", true),
                        Thoughts.areOpen("<think>hm", false),
                        Thoughts.areOpen("", false),
                        Thoughts.areOpen("<think>hm</think>x", true)))
                .containsExactly(true, true, true, false, false);
    }
}
