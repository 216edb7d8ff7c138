/**
 * A GPU for machines that have none: memory of its own, work that is done later and in any order that events permit, faults on
 * request. For the tests of everything that runs on a device.
 */
@NullMarked
package dev.flexgen.engine.device.fake;

import org.jspecify.annotations.NullMarked;
