"""Why a call to OID stands where it stands: one list for connectors, loop, desk and API."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """The first group passes by itself, the second waits for a person."""

    NOT_REACHED = "not_reached", _("OID could not be reached")
    TIME_OUT = "time_out", _("no answer within the time limit")
    BROKE_OFF = "broke_off", _("the connection broke off")
    SERVER_ERROR = "server_error", _("OID reported an error of its own")
    UNREADABLE = "unreadable", _("the answer could not be read")
    TOO_MANY = "too_many", _("OID takes no more calls for now")
    MAINTENANCE = "maintenance", _("OID is under maintenance or busy")
    ACCESS = "access", _("OID does not accept the key or the address")

    REFUSED = "refused", _("OID refused it")
    MISSING = "missing", _("OID has no such record")
    CHECK = "check", _("a check failed before sending")
    NO_CONNECTION = "no_connection", _("no connection to OID is set up")
    OTHER_RECORD = "other_record", _("OID's record has other data")
    NUMBER = "number", _("the number cannot be taken")
    PORTAL = "portal", _("the portal failed at it")
    SETTLED = "settled", _("settled by a person")
