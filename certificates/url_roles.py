"""Who may open the URLs of this app."""

from organizations.access import Audience

URL_ROLES: dict[str, Audience] = {}
