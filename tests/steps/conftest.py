"""What stops a step as a power cut would."""

import itertools
import multiprocessing
import os
import signal

import pytest

from elsewhere.unfinished import Unfinished


@pytest.fixture
def killed_after():
    """Return what runs a step in a child that dies by SIGKILL when it has kept so many results."""

    def run_killed(count, run, *arguments):
        process = multiprocessing.get_context("fork").Process(
            target=_die, args=(count, run, *arguments)
        )
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL

    return run_killed


def _die(count, run, *arguments):
    keep, numbers = Unfinished.keep, itertools.count(1)

    def counted(self, *args, **options):
        keep(self, *args, **options)
        if next(numbers) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    Unfinished.keep = counted
    run(*arguments)


@pytest.fixture
def counted(monkeypatch):
    """Return what counts the calls of a function of a module from now on."""

    def count(module, name):
        calls, real = [], getattr(module, name)

        def called(*args, **options):
            calls.append(args)
            return real(*args, **options)

        monkeypatch.setattr(module, name, called)
        return calls

    return count
