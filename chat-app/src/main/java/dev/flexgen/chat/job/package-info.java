/**
 * Long jobs over many prompts: results that outlive an interruption ({@link dev.flexgen.chat.job.JobFile}), parts of a job for several
 * machines ({@link dev.flexgen.chat.job.Share}), and how far it has come.
 */
@NullMarked
package dev.flexgen.chat.job;

import org.jspecify.annotations.NullMarked;
