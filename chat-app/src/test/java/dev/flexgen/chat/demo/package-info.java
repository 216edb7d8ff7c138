@NullMarked
package dev.flexgen.chat.demo;

import org.jspecify.annotations.NullMarked;
