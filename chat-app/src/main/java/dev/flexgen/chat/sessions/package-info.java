/**
 * Conversations that are kept: one file a session, a JSON object a line, appended as the conversation goes. {@code cli} opens
 * them for a chat and searches them for {@code log}; the chat's commands change them through {@link
 * dev.flexgen.chat.sessions.SessionDesk}.
 */
@NullMarked
package dev.flexgen.chat.sessions;

import org.jspecify.annotations.NullMarked;
