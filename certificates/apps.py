from importlib import import_module

from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "certificates"
    verbose_name = "Certificates"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The checks of this floor register themselves; a contact that accepts its invitation is let in; the ledger
        learns the names of what holds kilograms here.
        """
        import_module("certificates.checks")
        replacing = import_module("certificates.domain.replacing")
        import_module("requests_app.domain.replaced").register(replacing.read)
        holders = import_module("pvf.domain.holders")
        names = import_module("certificates.domain.names")
        holders.register(names.HOLDER, names.numbers)
        documents = import_module("certificates.domain.documents")
        kinds = import_module("organizations.models_changes").GuardedChange.Kind
        import_module("organizations.domain.two_managers").register(kinds.SIGNING_KEY, documents.key_confirmed)
        contacts = import_module("certificates.domain.contacts")
        invitations = import_module("organizations.domain.invitations")
        invitations.accepted.connect(contacts.let_in, dispatch_uid="certificate-contact")
