"""A program in a pseudo-terminal: types keys, keeps the screen, and knows when something appeared on it.

As much of a terminal as flexgen-chat uses. Standard library only, Linux only.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

ROWS, COLUMNS = 30, 100

# The status line and what stands behind the text of a reply lie between saving the cursor and going back to it.
FOOTER = re.compile("\x1b7.*?(?:\x1b8|$)", re.S)
SEQUENCE = re.compile("\x1b\\[([?>]?)([0-9;]*)([@-~])|\x1b\\](?:[^\x07\x1b]*)(?:\x07|\x1b\\\\)|\x1b[()].|\x1b[^\\[\\]()]")


class Screen:
    """A grid of characters that obeys the sequences which move the cursor and erase."""

    def __init__(self):
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self.saved = (0, 0)
        self.rest = ""

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells).rstrip()

    def feed(self, text):
        text = self.rest + text
        self.rest = ""
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\x1b":
                found = SEQUENCE.match(text, at)
                if not found:
                    self.rest = text[at:]
                    return
                self.obey(found)
                at = found.end()
                continue
            self.put(c)
            at += 1

    def put(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.down()
        elif c == "\b":
            self.column = max(0, min(self.column, COLUMNS - 1) - 1)
        elif c >= " ":
            if self.column == COLUMNS:
                self.column = 0
                self.down()
            self.cells[self.row][self.column] = c
            self.column += 1

    def down(self):
        if self.row == ROWS - 1:
            self.cells = self.cells[1:] + [[" "] * COLUMNS]
        else:
            self.row += 1

    def obey(self, found):
        kind = found.group(3)
        if kind is None:
            escape = found.group(0)[1]
            if escape == "7":
                self.saved = (self.row, self.column)
            elif escape == "8":
                self.row, self.column = self.saved
            elif escape == "D":
                self.down()
            return
        if found.group(1):
            return
        numbers = [int(n) if n else 0 for n in found.group(2).split(";")]
        count = max(1, numbers[0])
        column = min(self.column, COLUMNS - 1)
        if kind == "A":
            self.row = max(0, self.row - count)
        elif kind == "B":
            self.row = min(ROWS - 1, self.row + count)
        elif kind == "C":
            self.column = min(COLUMNS - 1, column + count)
        elif kind == "D":
            self.column = max(0, column - count)
        elif kind == "G":
            self.column = min(COLUMNS, count) - 1
        elif kind == "H":
            self.row = min(ROWS, count) - 1
            self.column = min(COLUMNS, max(1, numbers[1] if len(numbers) > 1 else 1)) - 1
        elif kind == "K":
            self.cells[self.row][column:] = [" "] * (COLUMNS - column)
        elif kind == "J":
            self.cells[self.row][column:] = [" "] * (COLUMNS - column)
            for row in range(self.row + 1, ROWS):
                self.cells[row] = [" "] * COLUMNS


class Terminal:
    """A program in a terminal of its own. Times are those of time.monotonic()."""

    def __init__(self, command, environment):
        self.screen = Screen()
        self.sent = ""
        self.half = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def type(self, keys):
        """Types keys and says when."""
        now = time.monotonic()
        data = keys.encode()
        while data:
            data = data[os.write(self.fd, data) :]
        return now

    def paste(self, text):
        return self.type("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def read(self, seconds):
        """Takes what the program sends, for at most so long or until something came; False when it has ended."""
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return True
        try:
            data = self.half + os.read(self.fd, 65536)
        except OSError:
            return False
        text = data.decode(errors="ignore")
        self.half = b""
        for cut in (1, 2, 3):  # half a character at the end waits for the other half
            if data[-cut] >= 0xC0:
                self.half = data[-cut:] if len(data[-cut:].decode(errors="ignore")) == 0 else b""
                break
            if data[-cut] < 0x80:
                break
        self.sent += text
        self.screen.feed(text)
        return True

    def wait(self, wanted, seconds):
        """Waits until wanted() and says when that was."""
        end = time.monotonic() + seconds
        while not wanted():
            left = end - time.monotonic()
            if left <= 0 or not self.read(left):
                raise SystemExit("waited in vain on this screen:\n" + self.screen.text())
        return time.monotonic()

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def at_prompt(self):
        """Whether there is a prompt with nothing behind it."""
        return self.screen.text().split("\n")[-1] == ">"

    def replied(self, since):
        """Whether words of a reply were shown among what was sent from there on: anything but rows of status."""
        text = SEQUENCE.sub("", FOOTER.sub("", self.sent[since:]))
        return text.strip() != ""

    def close(self):
        os.kill(self.pid, signal.SIGHUP)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def median(numbers):
    return sorted(numbers)[len(numbers) // 2]


def percentile(numbers, share):
    return sorted(numbers)[min(len(numbers) - 1, int(share * len(numbers)))]
