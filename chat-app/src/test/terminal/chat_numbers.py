"""Measures what a person at a terminal notices of flexgen-chat, by typing into the real program.

    python3 chat_numbers.py LAUNCHER MEASUREMENT [ROUNDS] [-- OPTIONS OF THE CHAT]

    echo        a key is pressed while a reply streams, until it is on the screen
    estimates   what the chat says before a message is sent, and what then happens
    ahead       a long paste, sent at once and after five seconds
    reopen      a session of 1,500 tokens goes on, with and without its cache
    turns       the same message early and late in a conversation

Each prints one line for each trial and a last one with what it comes to. Home folders are made for the run, but for machine
profiles, which are those of the user: 'flexgen-chat doctor --measure' makes one. See docs/BENCHMARKS.md.
"""

import os
import random
import re
import shutil
import sys
import tempfile
import time

from terminal import Terminal, median, percentile

WORDS = (
    "the planner measures this machine and decides which parts of a model live in memory or on disk my name is Ana and I live"
    " in Quito what does it do when you spell a word backwards count from one to ten please remember that my dog is old"
).split()
FORECAST = re.compile(
    r"~\d+ tokens?, first word in ([\d.]+) (s|min)(?:, then (\d+) in ([\d.]+) (s|min)|, then ([\d.]+) s a token)?"
)
STATS = re.compile(
    r"last\s+reply:\s+read\s+(\d+)\s+tokens\s+in\s+([\d.]+)\s+s\s+\([^)]*\),\s+wrote\s+(\d+)\s+in\s+([\d.]+)\s+s\s+\(([\d.]+)"
)
NO_PASTES = "\x1b[?2004l"  # the prompt is left
LONG = 900  # seconds that nothing takes


class Chat(Terminal):
    def __init__(self, launcher, home, options):
        environment = dict(os.environ, HOME=home, TERM="xterm-256color", LC_ALL="C.UTF-8")
        environment["XDG_CACHE_HOME"] = os.path.expanduser("~/.cache")
        super().__init__([launcher, *options], environment)
        self.wait(self.at_prompt, LONG)

    def compose(self, text):
        """Puts a draft on the prompt as a paste does, which the chat reads ahead, and waits until it is drawn."""
        self.paste(text)
        self.wait(lambda: text[-8:] in self.screen.text().replace("\n", ""), LONG)
        self.pause(0.1)

    def send(self):
        """Sends the draft; seconds until the first words of the reply are on the screen."""
        before = len(self.sent)
        start = self.type("\r")
        self.wait(lambda: NO_PASTES in self.sent[before:], LONG)
        behind = self.sent.index(NO_PASTES, before)
        first = self.wait(lambda: self.replied(behind), LONG) - start
        return first

    def end(self):
        self.wait(self.at_prompt, LONG)

    def stats(self):
        """Of the last reply: tokens read, seconds of that, tokens written, tokens a second."""
        self.pause(0.1)
        before = len(self.sent)
        self.type("/show stats\r")
        self.wait(lambda: STATS.search(self.sent, before), LONG)
        self.end()
        found = STATS.search(self.sent, before)
        return int(found[1]), float(found[2]), int(found[3]), float(found[5])

    def leave(self):
        self.type("\x04")
        while self.read(LONG):
            pass
        os.waitpid(self.pid, 0)


def words(count, seed):
    return " ".join(random.Random(seed).choice(WORDS) for _ in range(count))


def paragraphs(count, seed):
    """A paste of so many words in short lines."""
    return "\n".join(words(12, seed * 1000 + line) for line in range(count // 12))


def echo(launcher, home, rounds, options):
    options = options or ["-m", "demo", "--random-weights"]
    chat = Chat(launcher, home, ["--no-save", "--context", "2048", "--max-new-tokens", "1900", *options])
    times = []
    shown = 0
    while len(times) < rounds:
        chat.compose("Tell me everything.")
        chat.send()
        begin = len(chat.sent)
        while len(times) < rounds:
            key = "abcdefghijklmnopqrstuvwxyz"[len(times) % 26]
            before = len(chat.sent)
            start = chat.type(key)
            chat.wait(lambda: "waiting: " + key in chat.sent[before:] or chat.at_prompt(), LONG)
            now = time.monotonic()
            if "waiting: " + key not in chat.sent[before:]:
                break  # the reply is over
            times.append(1000 * (now - start))
            chat.type("\x15")
            chat.pause(random.uniform(0.02, 0.06))
        shown += len(chat.sent) - begin
        chat.wait(lambda: chat.screen.text().split("\n")[-1].startswith(">"), LONG)
        chat.type("\x15")
        chat.pause(0.3)
        chat.type("/new\r")
        chat.pause(0.3)
        chat.end()
    chat.close()
    print(
        "echo of %d keys: median %.1f ms, 95 %% within %.1f ms, 99 %% within %.1f ms, longest %.1f ms; %d characters came meanwhile"
        % (len(times), median(times), percentile(times, 0.95), percentile(times, 0.99), max(times), shown)
    )


def seconds(number, unit):
    return float(number) * (60 if unit == "min" else 1)


def estimates(launcher, home, rounds, options):
    limit = [] if "--max-new-tokens" in options else ["--max-new-tokens", "64"]
    chat = Chat(launcher, home, ["--no-save", *limit, *options])
    right = said = 0
    for turn in range(rounds):
        size = [12, 200, 6, 80, 30, 300, 20, 50, 120, 10][turn % 10]
        chat.compose(paragraphs(size, turn) if size > 60 else words(size, turn))
        chat.pause(1.5)
        found = FORECAST.search(chat.screen.text())
        first = chat.send()
        chat.end()
        read, reading, written, rate = chat.stats()
        if not found:
            print("turn %d: nothing said; first word after %.2f s, %.3f s a token" % (turn + 1, first, 1 / rate))
            continue
        word = seconds(found[1], found[2])
        token = (
            seconds(found[4], found[5]) / (int(found[3]) - 1)
            if found[3]
            else float(found[6]) if found[6] else float("nan")
        )
        good = abs(word - first) <= 0.2 * first and not abs(token - 1 / rate) > 0.2 / rate
        said += 1
        right += good
        print(
            "turn %d: %d tokens: first word said %.1f s, came after %.2f s (%+.0f %%); a token said %.3f s, took %.3f s (%+.0f %%)%s"
            % (
                turn + 1,
                read,
                word,
                first,
                100 * (word / first - 1),
                token,
                1 / rate,
                100 * (token * rate - 1),
                "" if good else "  wrong",
            )
        )
    chat.close()
    print("both within 20 %% in %d of %d turns for which something was said" % (right, said))


def ahead(launcher, home, rounds, options):
    gains = []
    for turn in range(rounds):
        took = []
        for wait in (0, 5):
            chat = Chat(launcher, home, ["--no-save", "--max-new-tokens", "4", *options])
            chat.pause(3)
            chat.compose(paragraphs(900, turn))
            chat.pause(wait)
            took.append(chat.send())
            chat.end()
            read = chat.stats()[0]
            chat.close()
        gains.append(took[0] - took[1])
        print(
            "paste (the second time %d tokens were left to read): first word %.1f s after Enter at once, %.1f s after Enter 5 s later"
            % (read, took[0], took[1])
        )
    print("sooner by %.1f s (median of %d)" % (median(gains), rounds))


def reopen(launcher, home, rounds, options):
    ratios = []
    for turn in range(rounds):
        name = "kept%d" % turn
        chat = Chat(launcher, home, ["--session", name, "--max-new-tokens", "8", *options])
        chat.compose(paragraphs(1260, turn))
        chat.send()
        chat.end()
        chat.leave()
        took = []
        for cache in ("auto", "off"):
            chat = Chat(launcher, home, ["--session", name, "--session-cache", cache, "--max-new-tokens", "8", *options])
            since = time.monotonic()
            chat.compose("Go on.")
            first = chat.send()
            took.append(first)
            chat.end()
            read = chat.stats()[0]
            print("session, cache %s: first word after %.2f s, %d tokens read" % (cache, first, read))
            chat.close()
        ratios.append(took[1] / took[0])
    print("from the cache %.1f times as fast (median of %d)" % (median(ratios), rounds))


def turns(launcher, home, rounds, options):
    chat = Chat(launcher, home, ["--no-save", "--context", "2048", "--max-new-tokens", "16", *options])
    context = re.compile(r"context (\d+)/")
    for turn in range(rounds):
        chat.compose(words(40, 7))
        chat.send()
        chat.end()
        held = int(context.findall(chat.screen.text())[-1])
        read, reading, _, rate = chat.stats()
        print("behind %d tokens: %d read in %.1f s, %.3f s a token" % (held - read - 16, read, reading, 1 / rate))
        chat.compose(paragraphs(180, turn))
        chat.send()
        chat.end()
    chat.close()


def main(arguments):
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    named = arguments[: arguments.index("--")] if "--" in arguments else arguments
    measurements = {"echo": (echo, 200), "estimates": (estimates, 10), "ahead": (ahead, 3), "reopen": (reopen, 3), "turns": (turns, 6)}
    if len(named) < 2 or named[1] not in measurements:
        raise SystemExit(__doc__)
    measure, usual = measurements[named[1]]
    home = tempfile.mkdtemp()
    print("load before: " + open("/proc/loadavg").read().strip())
    try:
        measure(os.path.abspath(named[0]), home, int(named[2]) if len(named) > 2 else usual, options)
    finally:
        shutil.rmtree(home)
    print("load after: " + open("/proc/loadavg").read().strip())


main(sys.argv[1:])
