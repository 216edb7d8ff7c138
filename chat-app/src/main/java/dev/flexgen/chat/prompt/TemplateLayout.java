package dev.flexgen.chat.prompt;

/**
 * What a chat template puts between the words of a conversation, found by having it write a few.
 *
 * @param opening before the first message where there is no system text; may be empty
 * @param beforeSystem before a system text
 * @param afterSystem between it and the first message
 * @param betweenTurns between a reply and the next message
 * @param beforeReply between a message and its reply
 */
record TemplateLayout(
        String opening, String beforeSystem, String afterSystem, String betweenTurns, String beforeReply) {}
