"""The register's time: UTC."""

import datetime


def now() -> datetime.datetime:
    """This moment, aware, in UTC."""
    return datetime.datetime.now(tz=datetime.UTC)


def today() -> datetime.date:
    """Today's date in UTC. Rules that compare it with a date kept elsewhere allow one day for time zones."""
    return now().date()


def stamp(moment: datetime.datetime | None) -> str | None:
    """ISO 8601 with microseconds and ``Z``, as in every answer."""
    if moment is None:
        return None
    return moment.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
