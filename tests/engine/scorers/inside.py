"""Workers on threads of this process, which die when they are told to."""

from concurrent.futures import Future, ThreadPoolExecutor

from engine.scorers.workers.places import Gone
from engine.scorers.workers.worker import Worker


class Quiet(Worker):
    """A worker that leaves the log of this process alone."""

    def __init__(self, called_off):
        super().__init__(1, called_off)

    def prepare(self):
        pass


class Inside:
    """`Places` as `engine.scorers.workers.places` has them.

    make: makes what is asked in the place of a `Worker`. dies: asked before each piece of work,
    with the number of the worker, how many came before there, and the items.
    """

    crowded = ""

    def __init__(self, make=Quiet, dies=lambda number, at, items: False):
        self.make, self.dies = make, dies
        self.places = []
        self.closed = 0

    def __call__(self, count, device):
        return self

    def begin(self, number):
        self.places.append(Thread(self, number))
        return self.places[-1]

    def close(self):
        self.closed += 1


class Thread:
    def __init__(self, inside, number):
        self.inside, self.number = inside, number
        self.off, self.at = 0, 0
        self.worker = inside.make(lambda: self.off)
        self.dead = False
        self.pieces = []
        self.pool = ThreadPoolExecutor(1)

    def ask(self, method, *arguments) -> Future:
        if method == "work":
            items = arguments[2]
            self.pieces.append(items)
            self.dead = self.dead or bool(self.inside.dies(self.number, self.at, items))
            self.at += 1
        if self.dead:
            gone = Future()
            gone.set_exception(Gone("it was killed", "last words"))
            return gone
        return self.pool.submit(getattr(self.worker, method), *arguments)

    def call_off(self, call):
        self.off = call

    def end(self):
        self.pool.shutdown(wait=False, cancel_futures=True)
