"""The application as uvicorn's `--factory` takes it: the product, from the environment."""

import logging
import os

import structlog

from largesse.app import Application
from largesse.services import open_services
from largesse.settings import load


def create() -> Application:
    """Return the whole service, logging as `largesse serve` does by default."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    return Application(open_services(load(os.environ)))
