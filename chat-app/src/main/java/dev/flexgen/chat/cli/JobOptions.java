package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.job.JobFile;
import dev.flexgen.chat.job.JobProgress;
import dev.flexgen.chat.job.Share;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** Options of a job over a file of prompts: where results go, and which of the prompts are this process's. */
final class JobOptions {

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "With --input: write the results to this file, which gets its name when all are there")
    String output = "";

    @Option(
            names = "--resume",
            description = {
                "With --output: go on from what an interrupted run has finished, and try failed prompts again;"
                        + " a job that is complete is left as it is"
            })
    boolean resume;

    @Option(
            names = "--shard",
            paramLabel = "I/N",
            description = "With --input: do every N-th prompt from the I-th on, so that N processes share a job")
    String shard = "";

    /** A job that is under way: what is left of its prompts, and where results go. The caller closes it. */
    record Job(PromptSource source, Results results, JobProgress progress, JobFile file) implements AutoCloseable {
        @Override
        public void close() {
            file.close();
        }
    }

    /** Complains about what can be known before anything is read. */
    void check(PromptOptions prompts) {
        if (resume && output.isEmpty()) {
            throw CommandException.usage("--resume needs --output; results on standard output are not kept");
        }
        if (!(output.isEmpty() && shard.isEmpty()) && !prompts.several()) {
            throw CommandException.usage((output.isEmpty() ? "--shard" : "--output") + " needs --input");
        }
        Share.parse(shard.isEmpty() ? "1/1" : shard);
    }

    private Share share() {
        return shard.isEmpty() ? Share.ALL : Share.parse(shard);
    }

    /** Of this process's first prompt. */
    int firstIndex() {
        return share().number() - 1;
    }

    boolean hasOutput() {
        return !output.isEmpty();
    }

    /** Whether there is nothing to do: the results are there, and that is all right. */
    boolean isComplete(Wiring wiring) {
        return hasOutput() && resume && JobFile.complete(file(wiring));
    }

    private Path file(Wiring wiring) {
        Path file = wiring.environment().expandedPath(output);
        if (file.getFileName() == null || file.toFile().isDirectory()) {
            throw CommandException.usage("--output " + file + " is a folder; name a file in it");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null && !folder.toFile().isDirectory()) {
            throw CommandException.usage(
                    "--output " + file + " is in a folder that is not there; make " + folder + " or name another file");
        }
        return file;
    }

    /** The prompts that are this process's. */
    PromptSource ours(PromptSource all) {
        Share share = share();
        return () -> {
            var next = all.next();
            while (next.isPresent() && !share.has(next.get().index())) {
                next = all.next();
            }
            return next;
        };
    }

    /** Says so. */
    ExitCode sayComplete(Wiring wiring) {
        wiring.streams().note(output + " is complete already");
        return ExitCode.OK;
    }

    /**
     * Runs the job, or goes on with it, and writes its results.
     *
     * @param prompts all of this process's, which are read to their end
     * @param recipe all that decides results but the prompts
     */
    ExitCode run(
            Wiring wiring, Settings settings, PromptSource prompts, List<String> recipe, Function<Job, ExitCode> work) {
        try (Job job = begin(wiring, settings, prompts, recipe)) {
            ExitCode code = work.apply(job);
            job.file().finish();
            job.progress().end();
            return code;
        } catch (CancellationException stopped) {
            wiring.streams().note("stopped; the same command with --resume goes on from what is finished");
            return ExitCode.INTERRUPTED;
        }
    }

    private Job begin(Wiring wiring, Settings settings, PromptSource prompts, List<String> recipe) {
        List<PromptSource.Numbered> all = new ArrayList<>();
        List<String> parts = new ArrayList<>(recipe);
        for (var prompt = prompts.next(); prompt.isPresent(); prompt = prompts.next()) {
            all.add(prompt.get());
            parts.add(prompt.get().index() + " " + prompt.get().prompt());
        }
        JobFile file = JobFile.open(file(wiring), JobFile.key(parts), resume);
        List<PromptSource.Numbered> left =
                all.stream().filter(prompt -> !file.has(prompt.index())).toList();
        boolean quiet = settings.get(SettingTable.QUIET);
        var progress = new JobProgress(
                all.size(),
                all.size() - left.size(),
                sentence -> {
                    if (!quiet) {
                        wiring.streams().note(sentence);
                    }
                },
                System::nanoTime);
        return new Job(PromptSource.of(left), new JobResults(file), progress, file);
    }
}
