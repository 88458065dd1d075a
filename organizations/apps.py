from importlib import import_module

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "organizations"
    verbose_name = "Organizations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # models are not loaded yet when this module is
        from core import people  # noqa: PLC0415
        from organizations import sign_in_events  # noqa: PLC0415
        from organizations.domain.recipients import Directory  # noqa: PLC0415

        people.register(Directory())
        two_managers = import_module("organizations.domain.two_managers")
        certifiers = import_module("organizations.domain.certifiers")
        kinds = import_module("organizations.models_changes").GuardedChange.Kind
        two_managers.register(kinds.RULES, certifiers.put_guarded_in_force)
        sign_on = import_module("organizations.domain.sign_on")
        two_managers.register(kinds.SIGN_ON, sign_on.put_confirmed_in_force)
        sign_in_events.connect()
