package dev.flexgen.chat.prompt;

import dev.flexgen.config.PromptStyle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The layout of a dialogue as plain text. A line break between two parts belongs to the part behind it: byte-level
 * tokenizers split {@code "\n\nHuman"} the way they saw it in training only when they see it in one piece.
 *
 * @param persona what the text opens with when the user gives no system text; may be empty
 * @param example a sample exchange that shows a base model the layout, without line breaks around it; may be empty
 * @param openingGap between the opening and the first message
 * @param turnGap between a reply and the next message
 * @param beforeMessage what introduces the user's message
 * @param beforeReply what introduces the model's reply; without a space at its end, since the model's words bring theirs
 * @param stopStrings where a reply ends because the model has begun to write the user's part
 * @param template what a chat template puts there instead, with special tokens; none for plain text
 */
public record PromptFormat(
        String persona,
        String example,
        String openingGap,
        String turnGap,
        String beforeMessage,
        String beforeReply,
        List<String> stopStrings,
        @Nullable TemplateLayout template) {

    /** Of plain text. */
    public PromptFormat(
            String persona,
            String example,
            String openingGap,
            String turnGap,
            String beforeMessage,
            String beforeReply,
            List<String> stopStrings) {
        this(persona, example, openingGap, turnGap, beforeMessage, beforeReply, stopStrings, null);
    }

    private static final PromptFormat DIALOGUE = new PromptFormat(
            "The following is a conversation between a human and an AI assistant."
                    + " The assistant is friendly and truthful, and answers in clear and complete sentences.",
            "Human: Hello, who are you?\nAssistant: I am an AI assistant. What would you like to talk about?",
            "\n\n",
            "\n",
            "Human: ",
            "\nAssistant:",
            List.of("\nHuman:", "\nAssistant:"));

    /** As chat-app/demo-model/demo/dialogue.py wrote it for the training. */
    private static final PromptFormat DEMO = new PromptFormat(
            "A conversation between a person and the flexgen-chat demo model.",
            "",
            "\n",
            "\n",
            "Human: ",
            "\nAssistant:",
            List.of("\nHuman:"));

    private static final PromptFormat INSTRUCTION = new PromptFormat(
            "", "", "\n\n", "\n\n", "Instruction: ", "\nOutput:", List.of("\nInstruction:", "\nOutput:"));

    private static final PromptFormat SCIENCE =
            new PromptFormat("", "", "\n\n", "\n\n", "Question: ", "\n\nAnswer:", List.of("\nQuestion:", "\nAnswer:"));

    private static final PromptFormat COMPLETION = new PromptFormat("", "", "\n\n", "\n", "", "", List.of());

    /** What stands in front of a message. */
    public enum Place {
        /** Nothing: the message opens the text. */
        START,
        AFTER_OPENING,
        AFTER_REPLY
    }

    public PromptFormat {
        stopStrings = List.copyOf(stopStrings);
    }

    /** The layout for a catalogue's prompt style. */
    public static PromptFormat of(PromptStyle style) {
        return switch (style) {
            // A model that was tuned to a template answers a plain dialogue too, where its template is not to be had.
            case DIALOGUE, TEMPLATE -> DIALOGUE;
            case DEMO -> DEMO;
            case INSTRUCTION -> INSTRUCTION;
            case SCIENCE -> SCIENCE;
            // GLM's own layout is made of control tokens, which plain text can never produce: it continues text here.
            case COMPLETION, GLM -> COMPLETION;
        };
    }

    /** The layout of a chat template: the model ends its part itself. */
    static PromptFormat of(TemplateLayout template) {
        return new PromptFormat(
                "",
                "",
                "",
                Trusted.mark(template.betweenTurns()),
                "",
                Trusted.mark(template.beforeReply()),
                List.of(),
                template);
    }

    /**
     * The openings to choose from, best first and ever shorter: with the sample exchange, without it, nothing at all.
     *
     * @param system the user's system text, which replaces the persona; blank for none
     */
    public List<String> openings(String system) {
        if (template != null) {
            String without = Trusted.mark(template.opening());
            String with = Trusted.mark(template.beforeSystem())
                    + Trusted.clean(system.strip())
                    + Trusted.mark(template.afterSystem());
            return system.isBlank() ? List.of(without) : List.of(with, without);
        }
        var head = system.isBlank() ? persona : system.strip();
        if (head.isEmpty()) {
            return example.isEmpty() ? List.of("") : List.of(example, "");
        }
        return example.isEmpty() ? List.of(head, "") : List.of(head + openingGap + example, head, "");
    }

    /** A reply as models write it behind {@link #turn}: their words bring the space before them. */
    public String reply(String text) {
        return template == null ? " " + text : Trusted.clean(Thoughts.without(text));
    }

    /** Whether the model thinks before it answers because the template has begun to. */
    public boolean opensThoughts() {
        return template != null && template.beforeReply().stripTrailing().endsWith(Thoughts.BEGIN);
    }

    /** A message with all that surrounds it, up to where the model has to speak. */
    public String turn(Place place, String message) {
        var gap = switch (place) {
            case START -> "";
            case AFTER_OPENING -> openingGap;
            case AFTER_REPLY -> turnGap;
        };
        return gap + beforeMessage + (template == null ? message : Trusted.clean(message)) + beforeReply;
    }
}
