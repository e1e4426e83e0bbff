"""What a scene is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from largesse.demo.data import DemoCredentials
from largesse.demo.exchanges import Stage
from largesse.demo.sink import Sink


@dataclass(frozen=True, slots=True)
class Play:
    """What every scene is given."""

    stage: Stage
    demo: DemoCredentials
    sink: Sink


Scene = Callable[[Play], Awaitable[None]]
