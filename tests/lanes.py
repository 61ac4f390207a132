"""Lanes without processes, for what drives searches or trainings."""

from concurrent.futures import Future


class AtOnce:
    """Does each task at once, in this process: `work` returns how it ended, or raises.

    handed: the numbers of the tasks that came, in order.
    """

    where = "a test"

    def __init__(self, work, capacity=1):
        self.capacity, self._work = capacity, work
        self.handed, self.stopped, self.closed = [], False, False

    def submit(self, task):
        self.handed.append(task.number)
        future = Future()
        try:
            future.set_result(self._work(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def look(self):
        pass

    def stop(self):
        self.stopped = True

    def close(self):
        self.closed = True
