@NullMarked
package dev.flexgen.chat;

import org.jspecify.annotations.NullMarked;
