"""Texts that a thread writes, when their reader is slow, or does not read."""

from __future__ import annotations

import threading

from ant_cli.runtime.background_writer import BackgroundWriter


class SlowReader:
    """Reads the texts of a writer one by one. It has begun to read the first one."""

    def __init__(self, first: str, size: int = 0) -> None:
        self.texts: list[str] = []
        self._may_leave, self._entered = threading.Semaphore(0), threading.Semaphore(0)
        self.writer = BackgroundWriter(self._write, lambda count: f"{count} left out")
        self.put(first, size)
        self._entered.acquire()

    def _write(self, text: str) -> None:
        self.texts.append(text)
        self._entered.release()
        self._may_leave.acquire()

    def put(self, text: str, size: int = 0) -> None:
        """Give the writer a text."""
        self.writer.put(lambda: text, size, bulk=text == "bulk")

    def read(self, count: int = 1) -> None:
        """Read texts, and wait until the next one is there."""
        for _ in range(count):
            self._may_leave.release()
            self._entered.acquire()

    def read_all(self) -> None:
        """Read to the end without waiting."""
        self._may_leave.release(1000)


def test_texts_that_arrive_during_a_write_are_written_without_waiting_for_another():
    """All of them, although only the first one after a pause wakes the thread up."""
    reader = SlowReader("first")
    for text in ("second", "third", "fourth"):
        reader.put(text)
    reader.read(3)
    assert reader.texts == ["first", "second", "third", "fourth"]
    reader.read_all()
    assert reader.writer.close(60)


def test_what_does_not_fit_in_memory_is_left_out_and_counted_in_its_place():
    """Lines of handlers are left out first, so that there is room for what the worker says."""
    reader = SlowReader("first")
    for text in (*["bulk"] * 100, *["event"] * 100):
        reader.put(text, 500_000)
    reader.read_all()
    assert reader.writer.close(60)
    assert reader.texts == ["first", *["bulk"] * 4, "96 left out", *["event"] * 4, "96 left out"]


def test_after_a_flood_lines_are_left_out_until_most_of_the_earlier_ones_are_written():
    """Otherwise each line of a long flood would come with a note about others."""
    reader = SlowReader("bulk", 500_000)
    for _ in range(10):
        reader.put("bulk", 500_000)
    reader.read()
    reader.put("bulk", 500_000)
    reader.read(2)
    reader.put("bulk", 500_000)
    reader.read_all()
    assert reader.writer.close(60)
    assert reader.texts == [*["bulk"] * 5, "7 left out", "bulk"]


def test_at_the_end_the_last_events_are_written_before_the_rest_of_a_flood():
    """They say why a worker ended. The end waits for no reader who does not read."""
    reader = SlowReader("bulk")
    for text in (*["bulk"] * 99, "the last event"):
        reader.put(text, 500_000)
    assert not reader.writer.close(0.01)
    reader.read(3)
    assert reader.texts == ["bulk", "95 left out", "the last event", "4 left out"]
    reader.read_all()


def test_at_the_end_a_reader_who_reads_gets_all_lines_of_a_flood():
    """Lines are left out only if the reader is slow."""
    reader = SlowReader("bulk")
    for _ in range(9):
        reader.put("bulk")
    reading = threading.Timer(0.05, reader.read_all)
    reading.start()
    assert reader.writer.close(60)
    reading.join()
    assert reader.texts == ["bulk"] * 10


def test_what_was_left_out_last_is_counted_after_all_texts():
    """The count is usually written before the next text, but here no text follows."""
    reader = SlowReader("event")
    for _ in range(9):
        reader.put("bulk", 500_000)
    reader.read_all()
    assert reader.writer.close(60)
    assert reader.texts == ["event", *["bulk"] * 4, "5 left out"]
