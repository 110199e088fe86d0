"""Locks on files, which the system releases however the process ends."""


def try_lock(descriptor: int) -> bool:
    """Lock the file without waiting; whether that succeeded."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait_for_lock(descriptor: int) -> None:
    """Wait until the file is locked for this process. Raises OSError where the file system has no locks."""
    try:
        import fcntl
    except ImportError:  # Windows, where a wait is a try now and then
        import time

        while not try_lock(descriptor):
            time.sleep(0.1)
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def unlock(descriptor: int) -> None:
    """Release the lock, while the file stays open."""
    try:
        import fcntl
    except ImportError:  # Windows
        import contextlib
        import msvcrt

        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
        return
    fcntl.flock(descriptor, fcntl.LOCK_UN)
