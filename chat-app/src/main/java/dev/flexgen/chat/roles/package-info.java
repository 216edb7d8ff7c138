/** Roles: files with settings and a system text that the user has written for some kind of conversation. */
@NullMarked
package dev.flexgen.chat.roles;

import org.jspecify.annotations.NullMarked;
