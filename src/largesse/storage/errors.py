"""What the storage layer reports; the core turns these into refusals of its own."""


class StorageError(Exception):
    """The base of every error of this layer."""


class DuplicateKey(StorageError):
    """A row with the same unique key exists already."""


class BrokenReference(StorageError):
    """A row refers to one that is missing, or one that is deleted is still referred to."""


class QueueFull(StorageError):
    """Too many commands wait for a commit already; nothing was done."""


class CommitFailed(StorageError):
    """A commit failed, so that it may or may not have happened."""


class ConnectionLost(StorageError, ConnectionError):
    """The database can not be reached, or hung up; what was not committed was not kept."""


class NoRoom(StorageError):
    """The database has no room for what it is to keep: a full disk, most often. It kept nothing."""


class DatabaseInUse(StorageError):
    """Another process serves from this SQLite file."""
